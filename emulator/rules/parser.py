"""Turns the text of a rules file into the records of `syntax`, or says where it is wrong."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.exceptions import VisitError

from emulator.rules import limits, syntax
from emulator.rules.issues import Issue, RulesError, Span
from emulator.rules.tree_builder import IssueFound, TreeBuilder


def parse(source: str) -> syntax.RulesFile:
    """Parse a rules file.

    Raises:
        RulesError: the text is too long or is not a rules file; holds the first error only, because what follows a
            syntax error is guesswork.

    """
    if len(source.encode("utf-8", "surrogatepass")) > limits.SOURCE_BYTES:
        raise RulesError((Issue(Span(1, 1, 0, 0), f"Rules source is larger than {limits.SOURCE_BYTES} bytes."),))
    try:
        return cast("syntax.RulesFile", _parser().parse(source))
    except UnexpectedToken as error:
        raise RulesError((_unexpected_token(source, error),)) from None
    except UnexpectedCharacters as error:
        raise RulesError((_unexpected_character(source, error),)) from None
    except UnexpectedEOF:
        raise RulesError((_end_of_file(source),)) from None
    except VisitError as error:
        if isinstance(error.orig_exc, IssueFound):
            raise RulesError((error.orig_exc.issue,)) from None
        raise
    except IssueFound as found:
        raise RulesError((found.issue,)) from None


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="contextual", transformer=TreeBuilder(), maybe_placeholders=True)


def _unexpected_token(source: str, error: UnexpectedToken) -> Issue:
    token = error.token
    if token.type == "$END":
        return _end_of_file(source)
    previous = error.token_history[-1] if error.token_history else None
    if isinstance(previous, Token) and previous.type == "IF":
        return Issue(_token_span(token), "Missing conditional expression after 'if'.")
    return Issue(_token_span(token), _describe(str(token), cast("Any", error.expected)))


def _unexpected_character(source: str, error: UnexpectedCharacters) -> Issue:
    start = error.pos_in_stream or 0
    text = source[start : start + 1]
    span = Span(error.line, error.column, start, start)
    history = error.token_history or []
    if history and history[-1].type == "IF":
        return Issue(span, "Missing conditional expression after 'if'.")
    return Issue(span, _describe(text, error.allowed or set()))


def _describe(text: str, expected: set[str]) -> str:
    if text == "/" and "MATCH" in expected:
        return "Missing 'match' keyword before path."
    return f"Unexpected '{text}'."


def _end_of_file(source: str) -> Issue:
    line = source.count("\n") + 1
    column = len(source) - (source.rfind("\n") + 1) + 1
    return Issue(Span(line, column, len(source), len(source) - 1), "Unexpected '<EOF>'.")


def _token_span(token: Token) -> Span:
    start = token.start_pos or 0
    return Span(token.line or 1, token.column or 1, start, (token.end_pos or start + 1) - 1)
