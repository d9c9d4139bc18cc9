"""HPACK representations made by hand (RFC 7541 section 6), faulty ones included. None of them is Huffman-coded
or indexed unless a test asks for it, so that what is sent depends on nothing that was sent before."""

from collections.abc import Iterable

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH

Text = str | bytes
FieldLines = Iterable[tuple[Text, Text]]

# The first octets of the representations.
INDEXED = 0x80
INCREMENTAL = 0x40
SIZE_UPDATE = 0x20
NEVER_INDEXED = 0x10
WITHOUT_INDEXING = 0x00

_huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)


def octets(text: Text) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def integer(value: int, prefix: int, first: int = 0) -> bytes:
    """RFC 7541 section 5.1; `first` holds the bits in front of the prefix."""
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes([first | value])
    encoded = bytearray([first | limit])
    value -= limit
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def string(text: Text, huffman: bool = False) -> bytes:
    """RFC 7541 section 5.2."""
    if huffman:
        coded = _huffman.encode(octets(text))
        return integer(len(coded), 7, 0x80) + coded
    return integer(len(octets(text)), 7) + octets(text)


def literal(name: Text, value: Text, kind: int = WITHOUT_INDEXING, huffman: bool = False) -> bytes:
    """A field whose name and value are both spelled out."""
    return bytes([kind]) + string(name, huffman) + string(value, huffman)


def literal_of(index: int, value: Text, kind: int = WITHOUT_INDEXING, huffman: bool = False) -> bytes:
    """A field whose name stands in a table."""
    return integer(index, 6 if kind == INCREMENTAL else 4, kind) + string(value, huffman)


def indexed(index: int) -> bytes:
    return integer(index, 7, INDEXED)


def size_update(size: int) -> bytes:
    return integer(size, 5, SIZE_UPDATE)


def block(fields: FieldLines) -> bytes:
    """A header block of literals."""
    return b"".join(literal(name, value) for name, value in fields)
