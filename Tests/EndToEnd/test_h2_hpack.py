"""Header compression: RFC 7541, as a server's decoder meets it, and what its encoder sends."""

import pytest

from conftest import MakeGateway
from support.gateway import Gateway, route
from support.h2frames import Code, Flag, H2Connection, Setting, Type
from support.hpack_bytes import (
    INCREMENTAL,
    NEVER_INDEXED,
    WITHOUT_INDEXING,
    block,
    indexed,
    integer,
    literal,
    literal_of,
    size_update,
    string,
)
from support.raw_backend import RawBackend

WHOLE = Flag.END_HEADERS | Flag.END_STREAM


@pytest.fixture(scope="module")
def gateway(make_shared_gateway: MakeGateway, shared_backend: RawBackend) -> Gateway:
    return make_shared_gateway([route(shared_backend.url)])


def ask(peer: H2Connection, stream: int, more: bytes, before: bytes = b"") -> int:
    """The status of a good request whose block ends in `more`."""
    peer.frame(Type.HEADERS, WHOLE, stream, before + block(peer.head()) + more)
    return peer.response(stream).status


KINDS = {"incremental": INCREMENTAL, "without indexing": WITHOUT_INDEXING, "never indexed": NEVER_INDEXED}


@pytest.mark.parametrize("huffman", [False, True], ids=["plain", "huffman"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_literal_representation(peer: H2Connection, backend: RawBackend, kind: int, huffman: bool) -> None:
    """Section 6.2: with an indexed and a new name, plain and Huffman-coded."""
    accept = 19  # the static table's name
    fields = literal_of(accept, "text/x-accepted", kind, huffman)
    assert ask(peer, 1, fields + literal("x-new", "a value, of: sorts", kind, huffman)) == 200
    assert backend.last.get("accept") == "text/x-accepted"
    assert backend.last.get("x-new") == "a value, of: sorts"


def test_indexed_fields(peer: H2Connection, backend: RawBackend) -> None:
    """Section 6.1: from the static and the dynamic table, newest first."""
    static = indexed(2) + indexed(6) + literal_of(4, "/mcp")
    inserted = [(":authority", peer.authority), ("x-one", "1"), ("x-two", "2")]
    inserts = b"".join(literal(name, value, INCREMENTAL) for name, value in inserted)
    peer.frame(Type.HEADERS, WHOLE, 1, static + inserts)
    assert peer.response(1).status == 200
    peer.frame(Type.HEADERS, WHOLE, 3, static + indexed(64) + indexed(62) + indexed(63))
    assert peer.response(3).status == 200
    assert backend.last.get("x-two") == "2" and backend.last.get("x-one") == "1"


def test_table_sizes_may_change_at_the_start(peer: H2Connection) -> None:
    """Sections 4.2 and 6.3: once or several times, down and up again."""
    assert ask(peer, 1, literal("x-kept", "1", INCREMENTAL)) == 200
    assert ask(peer, 3, indexed(62), size_update(4096)) == 200
    assert ask(peer, 5, b"", size_update(0) + size_update(128)) == 200
    assert ask(peer, 7, literal("x-kept", "2", INCREMENTAL)) == 200
    assert ask(peer, 9, indexed(62)) == 200


def test_a_table_of_size_zero_forgets(peer: H2Connection) -> None:
    """Section 4.3: what was evicted cannot be referred to."""
    assert ask(peer, 1, literal("x-kept", "1", INCREMENTAL)) == 200
    peer.frame(Type.HEADERS, WHOLE, 3, size_update(0) + block(peer.head()) + indexed(62))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_a_field_larger_than_the_table_empties_it(peer: H2Connection, backend: RawBackend) -> None:
    """Section 4.4: that is no error, and the field itself counts."""
    assert ask(peer, 1, literal("x-kept", "1", INCREMENTAL)) == 200
    assert ask(peer, 3, literal("x-large", "v" * 5000, INCREMENTAL)) == 200
    assert backend.last.get("x-large") == "v" * 5000
    peer.frame(Type.HEADERS, WHOLE, 5, block(peer.head()) + indexed(62))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_the_table_evicts_the_oldest(peer: H2Connection, backend: RawBackend) -> None:
    """Section 4.3: 4,096 octets hold two fields of 2,000, not three."""
    for stream, name in ((1, "x-a"), (3, "x-b"), (5, "x-c")):
        assert ask(peer, stream, literal(name, name * 600, INCREMENTAL)) == 200
    assert ask(peer, 7, indexed(62) + indexed(63)) == 200
    assert backend.last.get("x-c") == "x-c" * 600 and backend.last.get("x-b") == "x-b" * 600
    peer.frame(Type.HEADERS, WHOLE, 9, block(peer.head()) + indexed(64))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_integers_may_be_padded_with_zeros(peer: H2Connection, backend: RawBackend) -> None:
    """Section 5.1: a longer encoding of a small number is the same number."""
    assert ask(peer, 1, b"\x00\x06x-long" + b"\x7f\x80\x00" + b"v" * 127) == 200
    assert backend.last.get("x-long") == "v" * 127


FAULTS = {
    "index 70 of an empty table (2.3.3)": indexed(70),
    "index far beyond (2.3.3)": indexed(1 << 20),
    "name of index 70 (2.3.3)": literal_of(70, "value", INCREMENTAL),
    "name of index 70, not indexed (2.3.3)": literal_of(70, "value"),
    "size update behind a field (4.2)": size_update(0),
    "size update between fields (4.2)": size_update(64) + literal("x-after", "1"),
    "index zero (6.1)": b"\x80",
    "integer of many octets (5.1)": b"\xff" + b"\xff" * 12 + b"\x01",
    "integer beyond 32 bits (5.1)": b"\x00" + b"\x7f" + b"\xff\xff\xff\xff\x7f",
    "integer of endless zeros (5.1)": b"\xff" + b"\x80" * 100 + b"\x01",
    "string beyond the block (5.2)": b"\x00\x01x\x7e" + b"v" * 20,
    "string length of 4 GiB (5.2)": b"\x00\x01x" + integer((1 << 32) - 1, 7) + b"v",
    # 'a' is 00011: three bits of padding make the first octet; a whole octet of padding is one too much.
    "padding longer than 7 bits (5.2)": b"\x00\x01x\x82\x1f\xff",
    "padding of 9 ones and more (5.2)": b"\x00\x01x\x83\x1f\xff\xff",
    "padding of zeros (5.2)": b"\x00\x01x\x81\x18",
    "padding of zeros and ones (5.2)": b"\x00\x01x\x81\x1e",
    "the end of a string in it (5.2)": b"\x00\x01x\x85\x1f\xff\xff\xff\xff",
    "only the end of a string (5.2)": b"\x00\x01x\x84\xff\xff\xff\xff",
    "padding in a name (5.2)": b"\x00\x82\x1f\xff\x01v",
}


@pytest.mark.usefixtures("nothing_forwarded")
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_decoding_error_ends_the_connection(peer: H2Connection, fault: bytes) -> None:
    """COMPRESSION_ERROR, because the tables of both ends differ from here on (RFC 9113 section 4.3)."""
    peer.frame(Type.HEADERS, WHOLE, 1, block(peer.head()) + fault)
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


@pytest.mark.usefixtures("nothing_forwarded")
def test_a_table_larger_than_allowed(peer: H2Connection) -> None:
    """Section 6.3: beyond SETTINGS_HEADER_TABLE_SIZE."""
    allowed = peer.server_settings.get(Setting.HEADER_TABLE_SIZE, 4096)
    peer.frame(Type.HEADERS, WHOLE, 1, size_update(allowed + 1) + block(peer.head()))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_faults_in_trailers_end_the_connection(peer: H2Connection) -> None:
    """There is one table for heads and trailers."""
    stream = peer.start("POST", end=False)
    peer.frame(Type.HEADERS, WHOLE, stream, indexed(70))
    peer.expect_connection_error(Code.COMPRESSION_ERROR)


def test_faults_on_a_closed_stream_end_the_connection(peer: H2Connection) -> None:
    """A block that is not wanted still has to be decoded."""
    stream = peer.start("POST", end=False)
    peer.overflow(stream)
    peer.frame(Type.HEADERS, WHOLE, stream, indexed(70))
    peer.expect_connection_error(Code.COMPRESSION_ERROR, Code.STREAM_CLOSED)


def test_the_table_lives_through_malformed_requests(peer: H2Connection, backend: RawBackend) -> None:
    """A request that is refused for its fields has changed the table all the same."""
    fields = literal("UPPER", "1") + literal("x-kept", "still here", INCREMENTAL)
    peer.frame(Type.HEADERS, WHOLE, 1, block(peer.head()) + fields)
    peer.expect_stream_error(1, Code.PROTOCOL_ERROR)
    assert ask(peer, 3, indexed(62)) == 200
    assert backend.last.get("x-kept") == "still here"


def test_repeated_responses_are_compressed(peer: H2Connection, backend: RawBackend) -> None:
    """The server's encoder uses its table: the same long field costs next to nothing the second time."""
    backend.script = lambda conversation, _: conversation.respond(200, b"", [("X-Repeated", "repeated " * 40)])
    sizes = []
    for _ in range(3):
        stream = peer.start()
        frame = peer.take(stream, Type.HEADERS)
        assert ("x-repeated", ("repeated " * 40).strip()) in frame.fields
        sizes.append(len(frame.payload))
    assert sizes[2] < sizes[0] // 2


def test_strings_of_every_octet_are_compared_after_decoding(peer: H2Connection, backend: RawBackend) -> None:
    """All visible characters, Huffman-coded and not, are the same value."""
    value = "".join(chr(code) for code in range(0x21, 0x7F))
    assert ask(peer, 1, b"\x00" + string("x-all", True) + string(value, True)) == 200
    assert backend.last.get("x-all") == value
    assert ask(peer, 3, literal("x-all", value)) == 200
    assert backend.last.get("x-all") == value
