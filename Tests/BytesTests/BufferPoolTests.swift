import Testing

@testable import Bytes

struct BufferPoolTests {
  @Test func theCommonBlockIsRecycled() {
    let pool = BufferPool()
    let first = pool.acquire(10)
    #expect(first.1 == BufferPool.blockSize)
    pool.release(first.0, first.1)
    let second = pool.acquire(BufferPool.blockSize)
    #expect(second.0 == first.0)
    pool.release(second.0, second.1)
  }

  @Test func largeBlocksComeFromTheAllocator() {
    let pool = BufferPool()
    let (block, size) = pool.acquire(BufferPool.blockSize + 1)
    #expect(size == BufferPool.blockSize + 1)
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
