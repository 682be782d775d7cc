"""
What is shared with whom: rules that allow and deny.

A rule is about the items for which all that it says holds. :class:`Rules` permit an item that no rule denies and, when
there are rules that allow, that one of them allows. Where several :class:`Rules` meet, all must permit.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from jackd.model.item import Kind


@frozen(kw_only=True)
class Facts:
    """
    What the owner alone knows of an item, for his rules; it is never sent to anybody.

    :ivar folder: the folder that the file lies in, as its server calls it, with slashes.
    :ivar tags: the labels of its movie or series, lower case.
    :ivar modified: when the file was last written, nanoseconds since 1970, by the disk that it lies on.
    """

    folder: str
    tags: tuple[str, ...] = ()
    modified: int | None = None


@frozen(kw_only=True)
class Rule:
    """
    Of several values in one member any will do; an empty member says nothing.

    :ivar servers: ids.
    :ivar folders: with slashes, without one at the end, so that the root is empty; what lies beneath is meant, too.
    :ivar tags: labels, lower case.
    :ivar qualities: names with ``*`` and ``?``, lower case ("bluray-1080p").
    :ivar titles: whole titles with ``*`` and ``?``, :func:`folded <jackd.model.search.folded>`; the year may follow.
    :ivar min_size, max_size: bytes, both inclusive.
    """

    servers: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    kind: Kind | None = None
    min_size: int | None = None
    max_size: int | None = None


@frozen(kw_only=True)
class Rules:
    """One ``sharing`` block. ``allow`` is ``None`` when everything is allowed that is not denied."""

    deny: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] | None = None


@frozen(kw_only=True)
class Policy:
    """
    All rules of the configuration.

    :ivar friends: by peer id; those without rules of their own may be missing.
    """

    everybody: Rules = Rules()
    friends: Mapping[str, Rules] = field(factory=dict)

    def towards(self, peer: str | None) -> tuple[Rules, ...]:
        """
        All that hold for that friend. ``None`` is somebody who does not say which friend he is: he may be any of them,
        so he gets what all of them get.
        """
        own = self.friends.values() if peer is None else [self.friends.get(peer, Rules())]
        return tuple(rules for rules in (self.everybody, *own) if rules != Rules())
