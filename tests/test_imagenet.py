from __future__ import annotations

from gpunit.imagenet import CLASS_NAMES, DOMAINS, PAPER_CLASSES, PAPER_GROUPS, paper_group, search


def test_the_paper_draws_from_291_classes() -> None:
    assert len(CLASS_NAMES) == 1000
    assert len(PAPER_CLASSES) == 291
    assert sum(len(labels) for labels in PAPER_GROUPS.values()) == 291


def test_classes_are_in_the_group_their_name_says() -> None:
    for name, group in (
        ("golden retriever", "dog"),
        ("tabby", "animal"),
        ("giant panda", "animal"),
        ("goldfinch", "bird"),
        ("king penguin", "bird"),
        ("convertible", "vehicle"),
        ("school bus", "vehicle"),
        ("banana", "other"),
    ):
        assert paper_group(CLASS_NAMES.index(name)) == group, name


def test_search_finds_by_words_in_any_order() -> None:
    assert [CLASS_NAMES[i] for i in search("retriever golden")] == ["golden retriever"]
    assert CLASS_NAMES[search("tabby")[0]] == "tabby"
    assert CLASS_NAMES[search("Cat")[0]].lower().startswith("cat")
    assert search("no such thing") == []
    assert len(search("a", limit=5)) == 5


def test_classes_are_of_the_domain_their_name_says() -> None:
    for name, domain in (
        ("tabby", "cat"),
        ("cougar", "wild"),
        ("red fox", "wild"),
        ("pug", "dog"),
        ("sports car", "car"),
    ):
        assert CLASS_NAMES.index(name) in DOMAINS[domain].own, name
    for name, domain in (("tiger", "cat"), ("timber wolf", "dog")):
        assert CLASS_NAMES.index(name) in DOMAINS[domain].lookalikes, name


def test_no_class_counts_twice_for_a_domain() -> None:
    for name, domain in DOMAINS.items():
        classes = [*domain.own, *domain.lookalikes]
        assert len(classes) == len(set(classes)), name
        assert set(classes) <= set(range(1000)), name
