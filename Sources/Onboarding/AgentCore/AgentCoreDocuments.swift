import Configuration
import JSON

/// The files of an import, sorted into the gateway and its targets.
struct AgentCoreDocuments {
  let gateway: MemberReader
  let targets: [MemberReader]

  init(_ documents: [AgentCoreImport.Document], _ log: RemarkLog) throws(ImportRefusal) {
    var gateways: [MemberReader] = []
    var targets: [MemberReader] = []
    for document in documents {
      let value = try Self.parse(document)
      let place = "\(document.name):"
      switch value {
      case .object(let object) where Self.isGateway(object):
        let gateway = MemberReader(object, at: place, .access, log)
        gateways.append(gateway)
        targets += Self.list(in: gateway)
      case .object(let object) where Self.isTarget(object):
        targets.append(MemberReader(object, at: place, .left, log))
      case .object(let object) where object["items"] != nil || object["targets"] != nil:
        let list = MemberReader(object, at: place, .left, log)
        targets += Self.list(in: list)
        _ = list.facts(["nextToken", "ResponseMetadata"])
        list.finish()
      case .array(let elements) where elements.allSatisfy({ $0.objectValue.map(Self.isTarget) ?? false }):
        for (index, element) in elements.enumerated() {
          guard let object = element.objectValue else { continue }
          targets.append(MemberReader(object, at: "\(document.name): [\(index)]", .left, log))
        }
      default:
        throw ImportRefusal(
          at: document.name, "this is neither a gateway nor a target of one",
          remedy: "Give the output of: aws bedrock-agentcore-control get-gateway, then those of get-gateway-target.")
      }
    }
    guard let gateway = gateways.first else {
      throw ImportRefusal(
        at: documents.map(\.name).joined(separator: ", "), "there is no gateway in it: authorizerType is missing",
        remedy: "Give the output of: aws bedrock-agentcore-control get-gateway --gateway-identifier ID")
    }
    if gateways.count > 1 {
      throw ImportRefusal(
        at: gateways[1].place, "this is a second gateway", remedy: "Import one gateway at a time, with its targets.")
    }
    self.gateway = gateway
    self.targets = targets
  }

  private static func isGateway(_ object: JSONObject) -> Bool {
    ["authorizerType", "authorizerConfiguration"].contains { object[$0] != nil }
  }

  private static func isTarget(_ object: JSONObject) -> Bool {
    ["targetId", "targetConfiguration"].contains { object[$0] != nil }
  }

  private static func list(in reader: MemberReader) -> [MemberReader] {
    ["targets", "items"].flatMap(reader.objects).map { $0.weighing(.left) }
  }

  private static func parse(_ document: AgentCoreImport.Document) throws(ImportRefusal) -> JSONValue {
    let bytes = Array(document.text.utf8)
    do throws(JSONError) {
      return try JSONValue.parse(bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let line = before.count { $0 == 0x0A } + 1
      let column = before.reversed().prefix { $0 != 0x0A }.count + 1
      throw ImportRefusal(
        at: "\(document.name):\(line):\(column)", "not valid JSON: \(error.reason.rawValue)",
        remedy: "Give the output of the AWS command line with --output json, in UTF-8 and unchanged.",
        isUnreadable: true)
    }
  }
}
