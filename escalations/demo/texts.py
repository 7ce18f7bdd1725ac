"""What the demo organisation's customers write about, and what its people find out."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One kind of trouble. `{…}` are filled per ticket: n (a number), site, thing, person, hour."""

    area: str
    category: str
    issue_type: str
    subject: str
    words: str
    finding: str
    cause: str
    action: str
    root_cause: str
    done: str


PROBLEMS: tuple[Problem, ...] = (
    Problem("api_integration", "technical", "integration", "{thing} API returns {n} errors an hour since {hour}",
            "Since {hour} about {n} of our calls an hour fail. Nothing changed on our side. Our own customers notice.",
            "Requests from {site} fail with 503 after the gateway's 10 s limit; other sites answer within 200 ms.",
            "A node of the gateway in {site} keeps stale connections.", "Take the node out and compare the error rate.",
            "infrastructure", "Node replaced; the health check now looks at connection age."),
    Problem("api_integration", "technical", "bug", "Rate-limit headers missing on {thing} batch calls",
            "Your documentation promises rate-limit headers, but batch calls to {thing} have none. We hit the limit.",
            "Headers are set in the single-call path only; the batch path bypasses the middleware.",
            "The batch handler predates the middleware.", "Route batch responses through the same middleware.",
            "product_defect", "Fixed in the batch handler and covered by a contract test."),
    Problem("api_integration", "technical", "integration", "OAuth refresh fails for {thing} accounts with SSO",
            "Our integration logs out every hour since {hour}. We have to sign in {n} times a day.",
            "The refresh token is bound to the old issuer after the SSO migration.",
            "Issuer comparison is exact, the migration changed its case.", "Compare issuers without regard to case.",
            "integration", "Issuer rule relaxed; tokens issued since the migration accepted."),
    Problem("api_integration", "technical", "question", "How do we page through more than {n} {thing} records?",
            "We only ever get the first {n} records of {thing}. How do we get the rest?",
            "They send the page size but not the cursor of the previous answer.", "Cursor not passed on.",
            "Send the cursor example.", "knowledge", "Explained the cursor and linked the example."),
    Problem("webhooks", "technical", "integration", "Webhook deliveries stop after key rotation",
            "We rotated the signing key at {hour} as your notice asked. Since then not one delivery has reached our "
            "gateway and {n} shipments have no status. When will this work again?",
            "Deliveries from {site} leave with the old key id; the customer's gateway rejects them with 401.",
            "The cache of key ids is not dropped on rotation in {site}.", "Compare key ids per site, force a refresh.",
            "product_defect", "Cache purged in {site}; rotation now drops it."),
    Problem("webhooks", "technical", "bug", "{thing} webhook sends amounts without currency",
            "{n} invoices arrived with an amount but no currency. Our bookkeeping stops at every one of them.",
            "The currency is missing when the invoice has a discount line.", "Serializer drops it for mixed lines.",
            "Send the currency of the invoice head.", "product_defect", "Serializer corrected, {n} events sent again."),
    Problem("webhooks", "technical", "configuration", "Sandbox webhooks signed with the live key",
            "Our sandbox receives events signed with the live key. Security asks why.",
            "The endpoint was created by copying the live one, key included.", "Copied endpoint keeps its key.",
            "Issue a sandbox key.", "configuration", "Issued a sandbox key and removed the live one."),
    Problem("webhooks", "general", "feature_request", "Add a retry schedule to {thing} webhook settings",
            "We would like to choose when failed deliveries are tried again. Once a day is too late for us.",
            "Retries follow one fixed schedule.", "Not offered yet.", "Collect the wish for the product team.",
            "unknown", "Recorded as a wish and linked to {n} others."),
    Problem("identity", "technical", "access", "{person} cannot sign in since {hour}",
            "{person} gets «invalid credentials» since {hour}, although the password is right.",
            "The account is locked after {n} failed attempts from a phone with the old password.",
            "Old password on a second device.", "Unlock and ask for the second device.",
            "user_error", "Account unlocked, phone signed out."),
    Problem("identity", "technical", "integration", "SCIM sync drops {thing} group members on rename",
            "Whenever we rename a group, everybody in it loses access. {n} people stood before a closed door today.",
            "The rename arrives as delete and create; members are read from the create, which has none.",
            "Order of the two calls is not guaranteed.", "Treat a rename within a minute as one change.",
            "product_defect", "Sync joins the two calls; memberships restored from the log."),
    Problem("identity", "technical", "security_breach", "Sign-ins from an unknown place for {n} users",
            "Our monitoring shows sign-ins of {n} users from a place where we have nobody. Is somebody inside?",
            "All sign-ins come from one address of a proxy that the customer began to use at {hour}.",
            "New outbound proxy.", "Confirm the proxy with the customer's network team.",
            "user_error", "Confirmed as their new proxy; sessions renewed to be safe."),
    Problem("data_export", "technical", "bug", "Bulk export of {thing} stops at {n} rows",
            "The nightly export of {thing} ends at row {n} without an error. We noticed because totals differ.",
            "The worker hits its memory limit on rows with long notes and ends without a word.",
            "Rows are held in memory.", "Stream the rows; report the end as failed.",
            "product_defect", "Export streams now; the missing nights were run again."),
    Problem("data_export", "technical", "data_loss", "Records of {thing} missing after restore",
            "After last night's restore {n} records of {thing} are gone. Month end is tomorrow.",
            "The restore point lies before the import of {hour}; the import's log is complete.",
            "Restore point chosen too early.", "Run the import's log again for {site}.",
            "infrastructure", "All {n} records written again from the log, totals agree."),
    Problem("data_export", "technical", "question", "Time zone of the dates in the {thing} export",
            "Are the dates in the export in our time zone or in yours? {n} of them lie on the wrong day.",
            "Dates are UTC; their sheet reads them as local.", "Not said in the file.", "Explain, link the setting.",
            "knowledge", "Explained; the export's first line names the zone now."),
    Problem("billing", "billing", "billing", "Invoice charges {n} seats, we have fewer",
            "The invoice of this month charges {n} seats. We removed people in time and want it corrected.",
            "Seats are counted at the day's peak; two imports overlapped on one day.", "Peak counting.",
            "Correct to the month's median.", "billing_error", "Invoice corrected and sent again."),
    Problem("billing", "billing", "billing", "VAT number missing on the invoice",
            "Our accounting cannot book the invoice without our VAT number on it.",
            "The number was entered after the invoice had been made.", "Entered late.", "Issue the invoice again.",
            "billing_error", "Invoice issued again with the number."),
    Problem("billing", "billing", "question", "Which plan covers {n} {thing} workflows?",
            "We plan to grow to {n} workflows next quarter. Which plan do we need, and from when?",
            "Growth plan up to 500, beyond that by agreement.", "Question.", "Send the comparison.",
            "knowledge", "Sent the comparison, handed to the success manager."),
    Problem("dashboard", "technical", "performance", "{thing} dashboard takes {n} seconds to open",
            "Our {thing} dashboard takes {n} seconds. People open it before every shift, all at once.",
            "One tile reads the whole history since a filter was removed at {hour}.",
            "Filter removed by accident.", "Restore the filter, index the date.",
            "configuration", "Filter restored; the tile now warns without one."),
    Problem("dashboard", "general", "question", "Totals of {thing} differ between two tiles",
            "One tile says {n}, the other says something else. Which one is right?",
            "One counts drafts, the other doesn't.", "Different definitions.", "Explain the definitions.",
            "knowledge", "Explained; both tiles name what they count."),
    Problem("mobile", "technical", "bug", "App closes when opening {thing} photos",
            "The app closes as soon as our drivers open a photo. {n} drivers are affected since the update at {hour}.",
            "Crash on photos above 12 megapixels on devices with 3 GB of memory.",
            "Full size is decoded at once.", "Decode to the size of the screen.",
            "product_defect", "Fixed in the app and released."),
    Problem("mobile", "technical", "access", "Push messages do not arrive on {n} phones",
            "Since the update no pushes arrive on {n} of our phones. Drivers miss their tours.",
            "The update asks for permission anew; these phones are managed and never ask.",
            "Permission not granted by the device management.", "Send the profile to their administrator.",
            "configuration", "Their administrator rolled out the profile."),
    Problem("platform", "technical", "outage", "{site} ingest backlog, events {n} minutes behind",
            "Everything we send to {site} shows up {n} minutes late. We steer machines with this!",
            "Consumer lag in {site} grows since {hour}; one partition is hot.",
            "One customer's burst fills one partition.", "Split the hot partition, throttle the burst.",
            "infrastructure", "Partition split; lag back to seconds."),
    Problem("platform", "technical", "outage", "Checkout API returns 503 for all stores",
            "All our stores are offline since {hour}! Every minute costs us sales.",
            "Deployment of {hour} in {site} fails its readiness check on half of the nodes.",
            "Configuration of the new version misses a key.", "Roll back, then add the key.",
            "product_defect", "Rolled back within minutes; the check runs before the switch now."),
    Problem("platform", "technical", "performance", "Event order differs between v1 and v2 of {thing}",
            "With v2 our events arrive in another order than with v1. {n} of our rules misfire.",
            "v2 orders by arrival, v1 by occurrence.", "Changed on purpose, not documented.",
            "Offer ordering by occurrence.", "knowledge", "Documented, with the parameter that orders by occurrence."),
    Problem("platform", "general", "configuration", "Move {thing} to the {site} region",
            "For legal reasons we want {thing} in {site}. What do we have to do, and how long does it take?",
            "Move of {n} workflows, window of an hour.", "Request.", "Plan the window with them.",
            "unknown", "Moved in the agreed window."),
)  # fmt: skip

THINGS = ("order", "invoice", "shipment", "customer", "payment", "inventory", "ticketing", "tour", "claim", "contract")
SITES = ("EU-1", "EU-2", "US-1", "US-2", "AP-1")
STEPS = (
    ("Replayed {n} requests from the console", "Same error each time"),
    ("Compared {site} with another site", "Only {site} is affected"),
    ("Read the customer's log", "Confirms what they describe"),
    ("Renewed the credentials", "No change"),
    ("Looked for recent deployments", "One at {hour}, unrelated at first sight"),
    ("Reproduced with a test account", "Happens at every second try"),
    ("Switched the feature off and on", "Better for some minutes, then as before"),
    ("Checked quotas and limits", "All within bounds"),
    ("Asked for a trace id", "Received, attached to the note"),
    ("Searched the knowledge base", "One article, does not apply"),
)
REPLIES = (
    "Thank you for the details. We see the same on our side and look into it now.",
    "We have found where it happens and are testing a remedy.",
    "Could you send us one example with its time? That shortens the search.",
    "The cause is known. We tell you as soon as the change is live.",
    "This is done now. Does it work for you again?",
)
# What people add to what they did. Not every time.
AFTERWARDS = (
    "", "", "Told {person} how to see it early.", "The article on {thing} says so now.", "{person} confirmed it.",
    "Same remedy as for another customer last week.", "", "Called {person} at {hour}; they are content.",
)  # fmt: skip
IMPACTS = (
    "Their work stands still.",
    "They work by hand meanwhile.",
    "Annoying, not urgent.",
    "Penalties from noon on.",
)
NOTES = (
    "Only {site} shows it. The other sites are clean since {hour}.",
    "Same picture as last month, see the article on {thing}.",
    "Talked to them: they can live without {thing} until tomorrow, not longer.",
    "Careful: their renewal is near and they had trouble in spring.",
)
FOLLOW_UPS = (
    "Is there any news? We need {thing} before noon.",
    "It has happened again, {n} times since {hour}.",
    "Attached is one example. Please hurry, our own customers are calling.",
    "Thank you, that helps. We try it now.",
)
CUSTOMERS = (
    "Pellworth Freight", "Oskerby Energy", "Tolvane Retail", "Mirabeck Health", "Luntwick Media", "Ardenvale Mutual",
    "Crovane Systems", "Hexmoor Studios", "Brayling Foods", "Sandry & Poole",
)  # fmt: skip
NAME_STARTS = ("Al", "Bran", "Cor", "Dun", "Els", "Fen", "Gar", "Hol", "Ives", "Kel", "Lor", "Mer", "Nor", "Ost", "Per",
               "Quil", "Ros", "Sel", "Tor", "Ul", "Ver", "Wex", "Yar", "Zan")  # fmt: skip
NAME_ENDS = ("dale", "mont", "wick", "ford", "stead", "haven", "more", "bury", "field", "gate", "lund", "vale")
NAME_KINDS = ("Logistics", "Energy", "Retail", "Health", "Media", "Insurance", "Systems", "Foods", "Labs", "Travel",
              "Bank", "Mobility", "Textiles", "Air", "Parts")  # fmt: skip
FIRST_NAMES = ("Hanna", "Ole", "Ruth", "Emil", "Chiara", "Mateo", "Yuna", "Idris", "Freya", "Pablo", "Anouk", "Tariq",
               "Selma", "Jonah", "Lin", "Amina", "Gustav", "Vera", "Kofi", "Naomi")  # fmt: skip
LAST_NAMES = ("Lindqvist", "Marsh", "Okoye", "Brandt", "Silva", "Petrov", "Nakamura", "Haas", "Dubois", "Costa", "Iyer",
              "Larsen", "Mwangi", "Rossi", "Keller", "Novak", "Santos", "Chen", "Fischer", "Ortega")  # fmt: skip
TITLES = ("Head of IT", "Operations lead", "Integration engineer", "Office manager", "Finance lead", "Developer")
