"""What a report says in sentences: the verdict, what was checked, what could not be, and the glossary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consentkit.phrases import count, listing, percent, span, visible

if TYPE_CHECKING:
    from consentkit.summary import Row, Summary

GLOSSARY = (
    ("Event", "One thing a person did, as one line of the event files."),
    ("Destination", "A service that events are sent to, such as an advertising network or an analytics product."),
    ("Delivery", "One record of the delivery log that says an event arrived at a destination."),
    ("Category", "A purpose people are asked about, such as Advertising; the policy says which a destination needs."),
    ("Consent object", "The part of an event that carries what the person answered in each category."),
    ("Refused", "A category the destination needs is answered with no, or left out of the answer."),
    ("Integrations object", "A part of an event that lists single destinations as allowed or not."),
    ("Held against consent", "The destination needs consent, and the event says what the person answered."),
    (
        "Unchecked",
        "The event says nothing of the consent the destination needs: without a consent object, or with an empty one.",
    ),
    ("Certain, possible", "Possible where the data leaves a doubt, such as two events that share one message id."),
    ("Cannot tell", "The rules of the platform contradict themselves or do not say: counted, never called fine."),
    ("People", "Distinct user ids, or anonymous ids where an event has none."),
    ("Regime", "What the policy says of silence: under opt-in it is no consent, under opt-out it is consent."),
    (
        "Classic, actions",
        "Kinds of destinations: actions ones can be told that somebody changed a choice, classic ones cannot.",
    ),
    ("Masked", "Something in a name that looks like an address, a number or a made id; one name has one mask."),
    ("Pseudonym", "A name for a person or message made with a secret key, which is not in this report."),
)
CANNOT_SHOW = (
    "Whether the banner was lawful, or asked at all.",
    "Deliveries that no log knows of, such as those a device makes by itself.",
    "People without any id: their events are counted, they are not.",
)

# Where a delivery stands (the view standing_count): its column in coverage, words, and the kind of part it is.
_STANDINGS = (
    ("deliveries_refused", "although refused", "refused"),
    ("deliveries_refused_elsewhere", "although a stamp of another tool refuses", "refused"),
    ("deliveries_against_integrations", "although the integrations object said no", "refused"),
    ("deliveries_unchecked", "of events that say nothing of the consent their destination needs", "silent"),
    ("deliveries_without_event", "of events that were not loaded", "lost"),
    ("deliveries_without_policy", "while no policy version was in force", "lost"),
    ("deliveries_to_unknown", "to destinations the policy does not know", "lost"),
    ("deliveries_undecidable", "that the rules cannot judge", "lost"),
    ("deliveries_exempt", "that consent does not stop, by the rules of the platform", "free"),
    ("deliveries_needing_none", "to destinations that need no consent by the policy", "free"),
    ("deliveries_granted", "with the consent their destination needs", "kept"),
)


# Findings of deliveries that a consent object refuses, by whichever platform.
REFUSED = ("V5", "V6", "V26")
# The same, and what only a stamp refuses that no platform reads.
REFUSED_ANYWHERE = (*REFUSED, "X33")


def verdict_sentence(summary: Summary) -> str:
    """Say in one sentence what the audit found."""
    if summary.unchecked:
        return f"Nothing could be checked: {summary.unchecked}."
    refused = [row for row in summary.findings if row["code"] in REFUSED and row["certainty"] == "certain"]
    totals = {row["code"]: row for row in summary.totals if row["certainty"] == "certain"}
    coverage = summary.coverage
    if refused:
        deliveries = sum(row["deliveries"] for row in refused)
        people = max(totals[code]["people"] for code in {row["code"] for row in refused})
        dated = [row for row in refused if row["first_seen"]]
        first, last = (min, "first_seen"), (max, "last_seen")
        ends = [pick((row[key] for row in dated), default=None) for pick, key in (first, last)]
        when = span(ends[0], ends[1], year=True)
        told = f"Consent was not kept: {count(deliveries, 'delivery', 'deliveries')} to {_where(refused)}"
        least = "at least " if len({row["code"] for row in refused}) > 1 else ""
        whose = f"{least}{count(people, 'person', 'people')}{', ' + when if when else ''}"
        return f"{told} although it was refused, of {whose}."
    if against := _against(totals) or too_many(summary):
        return against
    if not coverage["delivery_records"]:
        return _without_log(summary)
    return no_refusal_found(coverage)[0]


def no_refusal_found(coverage: Row) -> tuple[str, bool]:
    """Say that no delivery of the log went against a refusal; and whether there was one that could have."""
    checked = checked_deliveries(coverage)
    if not coverage["deliveries"]:
        return "Not one record of the delivery log says that something was delivered.", False
    if not checked:
        told = "; ".join(f"{coverage[column]:,} {words}" for column, words, _ in _STANDINGS if coverage[column])
        return f"No delivery could be held against a refusal: {told}.", False
    told = count(checked, "delivery", "deliveries")
    return f"No delivery against a refusal was found among {told} that could be checked.", True


def _without_log(summary: Summary) -> str:
    """Say what was checked where there is no delivery log."""
    if counted(summary):
        return "No delivery log was given; by the counts, no destination surely got more in a day than the rules allow."
    lacking, events = summary.coverage["events_without_consent_object"], summary.coverage["events"]
    lack = f"{lacking:,} of {events:,} carry no consent object"
    return f"No delivery log was given, so only the events were checked: {lack}."


def _against(totals: dict[str, Row]) -> str:
    """Say what was found where no delivery of the log went against a refused category; empty where nothing was."""
    if "X37" in totals:
        told = f"{count(totals['X37']['events'], 'event')} of {count(totals['X37']['people'], 'person', 'people')}"
        return f"Consent was not kept on the page: {told} had been refused to destinations that the page had loaded."
    if "X33" in totals:
        told = count(totals["X33"]["deliveries"], "delivery", "deliveries")
        whose = count(totals["X33"]["people"], "person", "people")
        return f"Consent that another tool wrote was not kept: {told} of {whose} although its stamp refused it."
    if "V7" in totals:
        told = count(totals["V7"]["deliveries"], "delivery", "deliveries")
        return f"No delivery against a refused category was found, but {told} although the integrations object said no."
    return ""


def no_log_given(*, counted: bool) -> str:
    """Say that there is no delivery log, and what is not known without it; ``counted`` where there are counts."""
    known = (
        "which event went where is not known, only how many" if counted else "where the events were sent is not known"
    )
    return f"No delivery log was given: {known}."


def counted(summary: Summary) -> bool:
    """Say whether delivery counts were held against the rules."""
    return any(row["kind"] == "counts" and row["loaded"] for row in summary.files)


def too_many(summary: Summary) -> str:
    """Say what delivery counts are certain to show beyond what the rules allow; empty where that is nothing."""
    over = [row for row in summary.findings if row["code"] == "X25" and row["certainty"] == "certain"]
    if not over:
        return ""
    told = count(sum(row["deliveries"] for row in over), "delivery", "deliveries")
    return f"More was delivered to {_where(over)} than the rules allow: by the counts alone {told} too many."


def _where(findings: list[Row]) -> str:
    """Name the destinations of findings, or say how many they are."""
    places = list(dict.fromkeys(visible(row["destination"], 40) for row in findings))
    return listing(places) if len(places) <= 3 else count(len(places), "destination")


def checked_deliveries(coverage: Row) -> int:
    """Count the deliveries that were held against what the person answered."""
    return int(coverage["deliveries_held"])


def unheld_deliveries(coverage: Row) -> list[tuple[int, str]]:
    """Say how many deliveries that may need consent were held against nothing, and why not."""
    return [
        (coverage[column], words)
        for column, words, kind in _STANDINGS
        if kind in ("silent", "lost") and coverage[column]
    ]


def facts(summary: Summary) -> list[tuple[str, str, str]]:
    """Say what was checked: a name, a number and what it is out of."""
    coverage = summary.coverage
    events, deliveries = coverage["events"], coverage["deliveries"]
    unreadable = coverage["events_with_unreadable_consent_object"]
    stamped = events - coverage["events_without_consent_object"] - unreadable
    broken = f"; {unreadable:,} more {'is' if unreadable == 1 else 'are'} unreadable" if unreadable else ""
    checked = checked_deliveries(coverage)
    period = span(coverage["first_event"], coverage["last_event"], year=True) or "undated"
    return [
        ("Events", f"{events:,}", period),
        ("With a consent object", percent(stamped, events), f"{stamped:,} of {count(events, 'event')}{broken}"),
        ("Deliveries", f"{deliveries:,}", f"of {count(coverage['delivery_records'], 'delivery record')}"),
        (
            "Held against consent",
            percent(checked, deliveries),
            f"{checked:,} of {count(deliveries, 'delivery', 'deliveries')}",
        ),
        (
            "People",
            f"{coverage['people']:,}",
            f"{events - coverage['events_without_person']:,} of {count(events, 'event')} with an id",
        ),
    ]


def unchecked(summary: Summary) -> list[str]:
    """Say what could not be checked, each with its number."""
    coverage = summary.coverage
    events = count(coverage["events"], "event")
    deliveries = count(coverage["deliveries"], "delivery", "deliveries")
    lines = sum(row["lines"] for row in summary.files)
    unread = sum(row["lines"] for row in summary.rejects)
    found = [
        *((n, coverage["deliveries"], f"{deliveries} {words}") for n, words in unheld_deliveries(coverage)),
        (coverage["undated_events"], coverage["events"], f"{events} without a readable time"),
        (coverage["events_without_person"], coverage["events"], f"{events} without an id of a person"),
        (unread, lines, f"{count(lines, 'line')} could not be read"),
    ]
    told = [f"{n:,} of {what} ({percent(n, whole)})." for n, whole, what in found if n]
    told += [line for line in (_doubtful(summary), _numbers_of_silence(summary)) if line]
    if not any(row["kind"] == "deliveries" for row in summary.files):
        told.insert(0, no_log_given(counted=counted(summary)))
    if summary.unchecked:
        told.insert(0, f"{summary.unchecked[0].upper()}{summary.unchecked[1:]}.")
    return told


def _doubtful(summary: Summary) -> str:
    """Say how many deliveries are only possibly against a refusal."""
    against = (*REFUSED, "V7")
    doubtful = [
        row["deliveries"] for row in summary.findings if row["code"] in against and row["certainty"] == "possible"
    ]
    told = count(sum(doubtful), "delivery", "deliveries")
    return f"Only possible, and counted apart from what is certain: {told} against a refusal." if doubtful else ""


def _numbers_of_silence(summary: Summary) -> str:
    """Say why several numbers tell of missing consent, and what each of them counts."""
    codes = {"V1E": "those of events without a consent object", "R1": "those where the regime is opt-in"}
    found = {row["code"]: row["deliveries"] for row in summary.totals if row["code"] in codes and row["deliveries"]}
    if not found or not summary.coverage["deliveries_unchecked"]:
        return ""
    parts = [f"{code} ({n:,}) counts {codes[code]}" for code, n in found.items()]
    return (
        f"Of deliveries that go by no answer, {listing(parts)}; the chart of answers counts each event and "
        "destination, delivered or not."
    )


def deliveries_parts(summary: Summary) -> list[tuple[str, int, str]]:
    """Say where every delivery stands, as parts of the whole: words, number, and a name for the kind of part."""
    return [(words, summary.coverage[column], kind) for column, words, kind in _STANDINGS if summary.coverage[column]]
