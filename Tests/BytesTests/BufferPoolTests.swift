import Testing

@testable import Bytes

struct BufferPoolTests {
  @Test(arguments: [
    (10, BufferPool.smallSize), (BufferPool.smallSize, BufferPool.smallSize),
    (BufferPool.smallSize + 1, BufferPool.blockSize), (BufferPool.blockSize, BufferPool.blockSize),
    (BufferPool.blockSize + 1, BufferPool.largeSize), (BufferPool.largeSize, BufferPool.largeSize),
  ])
  func theCommonBlocksAreRecycled(_ wanted: Int, _ size: Int) {
    let pool = BufferPool()
    let first = pool.acquire(wanted)
    #expect(first.1 == size)
    pool.release(first.0, first.1)
    let second = pool.acquire(size)
    #expect(second.0 == first.0 && second.1 == size)
    pool.release(second.0, second.1)
  }

  @Test func aBufferOutgrowsItsBlocks() {
    let pool = BufferPool()
    let buffer = ByteBuffer(pool: pool)
    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
    for start in stride(from: 0, to: bytes.count, by: 500) { buffer.append([UInt8](bytes[start..<start + 500])) }
    #expect(buffer.view.elementsEqual(bytes))
    buffer.clear()
    let small = pool.acquire(BufferPool.smallSize)
    let large = pool.acquire(BufferPool.blockSize)
    #expect(small.1 == BufferPool.smallSize && large.1 == BufferPool.blockSize)
    pool.release(small.0, small.1)
    pool.release(large.0, large.1)
  }

  @Test func largerBlocksComeFromTheAllocator() {
    let pool = BufferPool()
    let (block, size) = pool.acquire(BufferPool.largeSize + 1)
    #expect(size == BufferPool.largeSize + 1)
    pool.release(block, size)
  }

  @Test func keepsNoMoreThanItsLimit() {
    let pool = BufferPool(limit: 1)
    let blocks = [pool.acquire(1), pool.acquire(1)]
    for block in blocks { pool.release(block.0, block.1) }
    let again = pool.acquire(1)
    #expect(again.0 == blocks[0].0)
    pool.release(again.0, again.1)
  }

  @Test func buffersOfAPoolShareItsBlocks() {
    let pool = BufferPool()
    let one = ByteBuffer(pool: pool)
    one.append("a")
    let place = one.view.baseAddress
    one.consume(1)
    let other = ByteBuffer(pool: pool)
    other.append("b")
    #expect(other.view.baseAddress == place)
  }
}
