"""The words of a view's text: clauses, lists and calls, with their places."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline_platform.sql.parsing import Source, Token, TokenType, tokens

_NAME = re.compile(r"[A-Za-z_]\w*")
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET})
_JOINS = frozenset({"JOIN", "LEFT", "INNER", "RIGHT", "FULL", "CROSS", "NATURAL", "SEMI", "ANTI"})
_VERBATIM = frozenset({TokenType.STRING, TokenType.RAW_STRING, TokenType.IDENTIFIER})


class Range(NamedTuple):
    """The words from `first` up to but not including `last`."""

    first: int
    last: int


class Call(NamedTuple):
    """A call: `name(arguments)`, and the condition of its FILTER, over `span`."""

    name: str
    arguments: tuple[Range, ...]
    inside: Range
    filter: Range | None
    span: Range


class Words:
    """The tokens of one statement; a trailing semicolon is left out."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens: list[Token] = tokens(source)
        while self.tokens and self.tokens[-1].token_type is TokenType.SEMICOLON:
            self.tokens.pop()
        self._closing = self._pairs()

    def _pairs(self) -> dict[int, int]:
        opened: list[int] = []
        pairs: dict[int, int] = {}
        for index, token in enumerate(self.tokens):
            if token.token_type in _OPEN:
                opened.append(index)
            elif token.token_type in _CLOSE and opened:
                pairs[opened.pop()] = index
        return pairs

    def __len__(self) -> int:
        return len(self.tokens)

    def kind(self, index: int) -> TokenType | None:
        """The type of a word, None beyond the end."""
        return self.tokens[index].token_type if 0 <= index < len(self.tokens) else None

    def upper(self, index: int) -> str:
        """A word in capitals, empty beyond the end."""
        return self.tokens[index].text.upper() if 0 <= index < len(self.tokens) else ""

    def offset(self, index: int) -> int:
        """The place of a word in the text."""
        return int(self.tokens[index].start)

    def end(self, index: int) -> int:
        """The place after a word in the text."""
        return int(self.tokens[index].end) + 1

    def verbatim(self, index: int) -> str:
        """A word as it is written."""
        token = self.tokens[index]
        return self.source.text[token.start : token.end + 1]

    def plain(self, index: int) -> str:
        """A word as it compares: names and keywords in lower case."""
        text = self.verbatim(index)
        return text if self.kind(index) in _VERBATIM else text.lower()

    def text(self, span: Range, edits: Mapping[int, tuple[int, str]] | None = None) -> str:
        """The words as written, one space where there was any, none of the comments.

        `edits` maps a word to the word after the replaced ones and the text put there.
        """
        found: list[str] = []
        index, before = span.first, -1
        while index < span.last:
            if before >= 0 and self.tokens[before].end + 1 != self.tokens[index].start:
                found.append(" ")
            after, text = (edits or {}).get(index) or (index + 1, self.verbatim(index))
            found.append(text)
            index, before = after, after - 1
        return "".join(found)

    def split(self, span: Range) -> list[Range]:
        """The parts between commas outside brackets; none of an empty range."""
        parts, first = [], span.first
        for index in self.level(span):
            if self.kind(index) is TokenType.COMMA:
                parts.append(Range(first, index))
                first = index + 1
        return [*parts, Range(first, span.last)] if span.first < span.last else []

    def level(self, span: Range) -> Iterator[int]:
        """The words outside brackets."""
        index = span.first
        while index < span.last:
            yield index
            index = self._closing.get(index, index) + 1

    def after(self, index: int) -> int:
        """The word after the bracket that closes the one at `index`."""
        return self._closing[index] + 1

    def called(self, index: int) -> bool:
        """Whether the word stands before an opening parenthesis and may be a function."""
        named = self.kind(index) is not TokenType.IDENTIFIER and _NAME.fullmatch(
            self.tokens[index].text
        )
        return bool(named) and self.kind(index + 1) is TokenType.L_PAREN

    def call(self, index: int) -> Call:
        """The call whose name is the word at `index`."""
        closing = self._closing[index + 1]
        inside, last, condition = Range(index + 2, closing), closing + 1, None
        if self.upper(last) == "FILTER" and self.upper(last + 2) == "WHERE":
            condition = Range(last + 3, self._closing[last + 1])
            last = condition.last + 1
        name = self.upper(index).lower()
        return Call(name, tuple(self.split(inside)), inside, condition, Range(index, last))


class Join(NamedTuple):
    """A JOIN: `head` is all before ON, `condition` all after it."""

    head: Range
    condition: Range


class Clauses(NamedTuple):
    """Where the clauses of a SELECT stand; empty ranges for those that it has not."""

    select: Range
    source: Range
    joins: tuple[Join, ...]
    where: Range
    group: Range
    having: Range


def clauses(words: Words) -> Clauses:
    """The clauses of one plain SELECT."""
    marks: dict[str, int] = {}
    for index in words.level(Range(0, len(words))):
        word = words.upper(index)
        if word == "FROM" and words.upper(index - 1) == "DISTINCT":
            continue
        if word in ("SELECT", "FROM", "WHERE", "GROUP BY", "HAVING") and _keyword(words, index):
            marks.setdefault(word, index)
    order = [*sorted(marks.values()), len(words)]
    spans = {
        word: Range(first + 1, next(n for n in order if n > first)) for word, first in marks.items()
    }
    nothing = Range(0, 0)
    source, joins = _joins(words, spans["FROM"])
    return Clauses(
        spans["SELECT"],
        source,
        joins,
        spans.get("WHERE", nothing),
        spans.get("GROUP BY", nothing),
        spans.get("HAVING", nothing),
    )


def _keyword(words: Words, index: int) -> bool:
    return words.kind(index) not in _VERBATIM and words.kind(index - 1) is not TokenType.DOT


def _joins(words: Words, span: Range) -> tuple[Range, tuple[Join, ...]]:
    starts, before = [], ""
    for index in words.level(span):
        word = words.upper(index) if _keyword(words, index) and not words.called(index) else ""
        if word in _JOINS and before not in _JOINS | {"OUTER"}:
            starts.append(index)
        before = word
    ends = [*starts[1:], span.last][: len(starts)]
    joins = tuple(_join(words, Range(*pair)) for pair in zip(starts, ends, strict=True))
    return Range(span.first, starts[0] if starts else span.last), joins


def _join(words: Words, span: Range) -> Join:
    for index in words.level(span):
        if words.upper(index) == "ON" and _keyword(words, index):
            return Join(Range(span.first, index), Range(index + 1, span.last))
    return Join(span, Range(span.last, span.last))
