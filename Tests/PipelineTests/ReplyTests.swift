import Pipeline
import Testing

struct ReplyTests {
  @Test func fieldsKeepTheirOrder() {
    let reply = Reply(201, [("A", "1"), ("B", "2"), ("A", "3")], body: [1, 2])
    #expect(reply.status == 201)
    #expect(reply.field("A") == "1")
    #expect(reply.field("B") == "2")
    #expect(reply.field("C") == nil)
    #expect(reply.fields.count == 3)
    #expect(reply.body == [1, 2])
  }

  @Test func documents() {
    let reply = Reply.json(200, [("X", "y")], Array("{}".utf8))
    #expect(reply.field("Content-Type") == "application/json")
    #expect(reply.field("X") == "y")
    #expect(Reply(204).body.isEmpty)
  }
}
