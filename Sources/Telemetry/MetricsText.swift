import Bytes

/// Writes metrics in the text format of Prometheus, version 0.0.4.
struct MetricsText {
  private let buffer: ByteBuffer

  init(_ buffer: ByteBuffer) { self.buffer = buffer }

  func head(_ family: MetricFamily) {
    buffer.append("# HELP ")
    name(family)
    buffer.append(" ")
    buffer.append(family.help)
    buffer.append("\n# TYPE ")
    name(family)
    buffer.append(" ")
    buffer.append(family.type)
    buffer.append("\n")
  }

  /// - Parameter series: which combination of label values, the last label changing fastest.
  func sample(_ family: MetricFamily, series: Int, _ value: Int) {
    var rest = series
    var labels: [String] = []
    for axis in family.axes.reversed() {
      labels.append(axis.values[rest % axis.values.count].description)
      rest /= axis.values.count
    }
    sample(family, labels.reversed(), value)
  }

  /// - Parameter labels: one value for each of the family's labels.
  func sample(_ family: MetricFamily, _ labels: [String], _ value: Int) {
    name(family)
    for (index, (axis, value)) in zip(family.axes, labels).enumerated() {
      buffer.append(index == 0 ? "{" : ",")
      buffer.append(axis.label)
      buffer.append("=\"")
      escaped(value)
      buffer.append("\"")
    }
    buffer.append("} ")
    buffer.append(decimal: value)
    buffer.append("\n")
  }

  private func name(_ family: MetricFamily) {
    buffer.append("portcullis_")
    buffer.append(family.name)
  }

  private func escaped(_ value: String) {
    for byte in value.utf8 {
      switch byte {
      case ASCII.backslash: buffer.append("\\\\")
      case ASCII.quote: buffer.append("\\\"")
      case ASCII.lf: buffer.append("\\n")
      default: buffer.append(byte)
      }
    }
  }
}
