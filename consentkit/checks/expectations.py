"""Our own expectations about events, stamps, deliveries and input, one class each, named in the library's convention.

The class says what is read, per what it is judged and how it is told; :mod:`consentkit.checks.slices` does the
work. ``reads`` are the checks of the view; ``rows_query`` lists what is behind a failure.
"""

from __future__ import annotations

from consentkit.checks.slices import SliceExpectation

_EVENT = (
    "SELECT s.name AS source, e.* FROM event AS e INNER JOIN signature AS g ON g.signature_id = e.signature_id"
    " INNER JOIN stamp AS t ON t.stamp_id = g.stamp_id CROSS JOIN newest_version AS n"
    " INNER JOIN signature_source AS o ON o.signature_id = e.signature_id AND o.version_id = n.version_id"
    " INNER JOIN source AS s ON s.version_id = o.version_id AND s.source_id = o.source_id"
)


class ExpectEventsToCarryConsentObject(SliceExpectation):
    """Every event of a source that must stamp carries the consent object, from the day it began to."""

    view = "event_slice"
    reads = ("V1",)
    per = "source"
    unit = ("event", "events")
    says = "carry no consent object"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V1'"


class ExpectStampsToBeWellFormed(SliceExpectation):
    """A consent object that is there says something: it is not empty, not malformed, not of a retired kind."""

    view = "event_slice"
    reads = ("V2", "V3", "V3L", "V28")
    per = "source"
    unit = ("consent object", "consent objects")
    says = "are empty, malformed or of a retired kind"
    rows_query = "SELECT * FROM finding_row WHERE code IN ('V2', 'V3', 'V3L', 'V28')"


class ExpectOnlyKnownCategories(SliceExpectation):
    """Consent objects name only categories that the policy knows, spelled as it does."""

    view = "category_slice"
    reads = ("V4", "V4C")
    per = "source"
    unit = ("named category", "named categories")
    says = "are not in the policy"
    rows_query = "SELECT * FROM finding_row WHERE code IN ('V4', 'V4C')"


class ExpectAllCategoriesToBeStamped(SliceExpectation):
    """Each category of the policy is named in the consent objects of every source that stamps."""

    view = "category_slice"
    reads = ("unstamped",)
    per = "detail"
    unit = ("consent object", "consent objects")
    says = "do not name the category"
    rows_query = "SELECT * FROM category_slice WHERE code = 'unstamped' AND failing > 0"


class ExpectNoDeliveryWithoutConsent(SliceExpectation):
    """Nothing is delivered to a destination whose category the person refused."""

    view = "delivery_slice"
    reads = ("V5", "V6", "V26", "X33")
    per = "destination"
    unit = ("delivery held against consent", "deliveries held against consent")
    says = "went out although consent was refused"
    rows_query = "SELECT * FROM finding_row WHERE code IN ('V5', 'V6', 'V26', 'X33')"


class ExpectNothingLoadedOnPagesWithoutConsent(SliceExpectation):
    """No page that sends an event has loaded a destination whose category the event refuses."""

    view = "bundle_slice"
    reads = ("X37", "X38")
    per = "destination"
    unit = ("event of a page that had loaded it", "events of pages that had loaded it")
    says = "refuse what their page had loaded"
    rows_query = "SELECT * FROM finding_row WHERE code IN ('X37', 'X38')"


class ExpectNoDeliveryAgainstIntegrations(SliceExpectation):
    """Nothing is delivered to a destination that the event's integrations object switches off."""

    view = "delivery_slice"
    reads = ("V7",)
    per = "destination"
    unit = ("delivery", "deliveries")
    says = "went out although the integrations object said no"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V7'"


class ExpectNoOverblocking(SliceExpectation):
    """Nothing is held back for want of consent that was granted."""

    view = "delivery_slice"
    reads = ("V8",)
    per = "destination"
    unit = ("record filtered for consent", "records filtered for consent")
    says = "were held back although consent was granted"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V8'"


class ExpectDeliveriesOnlyToConnectedDestinations(SliceExpectation):
    """Deliveries go only to destinations that are enabled and connected to the event's source."""

    view = "delivery_slice"
    reads = ("X7",)
    per = "destination"
    unit = ("delivery", "deliveries")
    says = "went to a destination that is disabled or not connected"
    rows_query = "SELECT * FROM finding_row WHERE code = 'X7'"


class ExpectDeliveryCountsToBeWithinWhatRulesAllow(SliceExpectation):
    """On no day does a destination get more deliveries than there are events the rules let through to it."""

    view = "allowance_slice"
    reads = ("beyond",)
    per = "destination"
    unit = ("delivery", "deliveries")
    says = "are more than the rules let through on that day"
    rows_query = "SELECT * FROM allowance_slice WHERE failing > 0"


class ExpectDestinationsToBeKnown(SliceExpectation):
    """Every destination the delivery log names is in the policy."""

    view = "delivery_slice"
    reads = ("V20",)
    per = "destination"
    unit = ("delivery record", "delivery records")
    says = "are of a destination the policy does not know"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V20'"


class ExpectDestinationsToBeMapped(SliceExpectation):
    """Every destination that can enforce consent needs at least one category."""

    view = "destination_slice"
    reads = ("unmapped",)
    per = "destination"
    unit = ("destination", "destinations")
    says = "need no category, so nothing ever stops them"
    rows_query = "SELECT * FROM destination_slice WHERE failing > 0"


class ExpectNoDeliveryOfRefusersToUnmappedDestinations(SliceExpectation):
    """Data of people who refused everything does not reach destinations that need no category."""

    view = "delivery_slice"
    reads = ("V18",)
    per = "destination"
    unit = (
        "delivery with a consent object to a destination that needs no category",
        "deliveries with a consent object to destinations that need no category",
    )
    says = "are of people who refused everything"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V18'"


class ExpectEventsToHaveAKnownSource(SliceExpectation):
    """Every event belongs to a source that the policy declares."""

    view = "event_slice"
    reads = ("X5",)
    per = "source"
    unit = ("event", "events")
    says = "belong to no declared source"
    rows_query = "SELECT * FROM finding_row WHERE code = 'X5'"


class ExpectEventsToBeDated(SliceExpectation):
    """Every event says when it happened, readably."""

    view = "event_slice"
    reads = ("X10",)
    per = "source"
    unit = ("event", "events")
    says = "have no readable time"
    rows_query = f"{_EVENT} WHERE e.event_at IS NULL"


class ExpectPreferenceEventsToNameAPerson(SliceExpectation):
    """An event that tells of a change of consent says whose: a user id or an anonymous id."""

    view = "preference_slice"
    reads = ("person",)
    per = "source"
    unit = ("preference event", "preference events")
    says = "name nobody"
    rows_query = f"{_EVENT} WHERE g.kind <> 'event' AND e.person_key IS NULL"


class ExpectPreferenceEventsToCarryConsentObject(SliceExpectation):
    """An event that tells of a change of consent carries the preferences it tells of."""

    view = "preference_slice"
    reads = ("object",)
    per = "source"
    unit = ("preference event", "preference events")
    says = "carry no preferences"
    rows_query = f"{_EVENT} WHERE g.kind <> 'event' AND t.state <> 'A4'"


class ExpectPreferenceEventsToBeNamedAsToday(SliceExpectation):
    """Preference events have the name the platform knows today."""

    view = "event_slice"
    reads = ("V17",)
    per = "source"
    unit = ("preference event", "preference events")
    says = "still have their old name"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V17'"


class ExpectEveryLineToBeAccountedFor(SliceExpectation):
    """Every line read is loaded, an exact repeat, or set aside with a reason; and ``mostly`` is readable."""

    view = "input_slice"
    reads = ("unread",)
    per = "kind"
    unit = ("line", "lines")
    says = "could not be read"
    rows_query = "SELECT * FROM rejected_line"


class ExpectNoLineToBeLost(SliceExpectation):
    """Lines read are lines loaded, repeated and set aside, file by file: none is in no account."""

    view = "input_slice"
    reads = ("lost",)
    per = "kind"
    unit = ("line", "lines")
    says = "are in no account"
    rows_query = "SELECT * FROM input_file WHERE lines <> loaded + rejected + duplicates"


class ExpectFilesToBeReadToTheirEnd(SliceExpectation):
    """No file is damaged or cut off."""

    view = "input_slice"
    reads = ("damaged",)
    per = "kind"
    unit = ("file", "files")
    says = "could not be read to their end"
    rows_query = "SELECT * FROM input_file WHERE problem IS NOT NULL"


class ExpectDeliveriesToMatchEvents(SliceExpectation):
    """Every delivery record is of an event that was read."""

    view = "delivery_slice"
    reads = ("X3",)
    per = "destination"
    unit = ("delivery record", "delivery records")
    says = "are of no event that was read"
    rows_query = "SELECT * FROM finding_row WHERE code = 'X3'"


class ExpectDeliveriesToCarryConsentObject(SliceExpectation):
    """What is delivered carries a consent object, so that somebody could have checked it."""

    view = "delivery_slice"
    reads = ("V1E",)
    per = "destination"
    unit = ("delivery", "deliveries")
    says = "are of events without a consent object: nothing checked them"
    rows_query = "SELECT * FROM finding_row WHERE code = 'V1E'"


class ExpectDeliveriesToBeDecidable(SliceExpectation):
    """The rules can say of every delivery whether it was right."""

    view = "delivery_slice"
    reads = ("X8", "X45")
    per = "destination"
    unit = ("delivery", "deliveries")
    says = "cannot be judged by the rules"
    rows_query = "SELECT * FROM finding_row WHERE code IN ('X8', 'X45')"


class ExpectDeliveryStatusesToBeKnown(SliceExpectation):
    """The delivery log uses words for a status that are known."""

    view = "delivery_slice"
    reads = ("X4",)
    per = "destination"
    unit = ("delivery record", "delivery records")
    says = "have a status that is not known"
    rows_query = "SELECT * FROM finding_row WHERE code = 'X4'"
