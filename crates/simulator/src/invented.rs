//! What the simulator answers although nobody has seen Apple answer it: one list.
//!
//! A test that depends on one of these proves something of the simulator, not of Apple. Where an answer becomes known,
//! it is corrected and its line goes.

/// One answer that is an invention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invention {
    /// What is asked.
    pub case: &'static str,
    /// What the simulator answers.
    pub answer: &'static str,
    /// Why so.
    pub reason: &'static str,
}

const fn invention(case: &'static str, answer: &'static str, reason: &'static str) -> Invention {
    Invention { case, answer, reason }
}

/// The list as a Markdown page.
pub fn inventions_as_markdown() -> String {
    let mut page = String::from(
        "# Answers that the simulator invents\n\n\
         Generated from `crates/simulator/src/invented.rs` by `cargo xtask generate`.\n\n\
         A test that depends on one of these proves something of the simulator, not of Apple. \"facts\" are the notes on\n\
         Apple's API that the project was built from; the letter is their section.\n\n\
         | case | answer | why |\n|---|---|---|\n",
    );
    for invention in INVENTED {
        let cells = [invention.case, invention.answer, invention.reason].map(|cell| cell.replace('|', "\\|"));
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    page
}

/// Every invented answer.
pub const INVENTED: [Invention; 91] = [
    invention(
        "a token that lives too long, or whose scope does not fit, or holds an entry that is not a GET",
        "the 401 of all other causes",
        "facts A3, K: unknown",
    ),
    invention(
        "a token whose header has no `typ`",
        "accepted; any other type than JWT is refused",
        "facts A1 names the value, not what its absence does",
    ),
    invention(
        "an individual key on a provisioning resource",
        "403 FORBIDDEN_ERROR, `The API key in use does not allow this request`",
        "facts A4: 401 or 403 is not known",
    ),
    invention(
        "which role reaches which resource family",
        "the matrix of facts L",
        "inferred from Apple's role pages and reports",
    ),
    invention(
        "a Developer key and devices",
        "reads, no registration",
        "facts B2: the row's cells are not known",
    ),
    invention(
        "a Developer key deletes a certificate or profile",
        "development types only, else 403",
        "facts B2: cells not known",
    ),
    invention(
        "the order of checks",
        "token, rate, standing of the team, path, role, parameters, object, body, rule",
        "never observed as a whole",
    ),
    invention(
        "a path of no resource type",
        "404 NOT_FOUND, title `The specified resource does not exist`",
        "facts B5: the title is not known",
    ),
    invention(
        "a path below a known type that is not exposed",
        "404 PATH_ERROR, title `The URL path is not valid`, with a detail",
        "facts B5: the field is uncertain",
    ),
    invention(
        "a method that the API does not speak",
        "405 METHOD_NOT_ALLOWED with texts of ours",
        "facts B4 gives the code only",
    ),
    invention(
        "an operation of Apple's that is not simulated",
        "501 SIMULATOR.NOT_SIMULATED",
        "honesty; Apple has no such answer",
    ),
    invention(
        "a parameter that is not allowed",
        "title `A parameter is not allowed`",
        "facts B5: the title is uncertain",
    ),
    invention(
        "a parameter value outside its words or bounds",
        "400 PARAMETER_ERROR.INVALID with a detail of ours",
        "only the cursor's detail is known",
    ),
    invention(
        "a required parameter is missing",
        "400 PARAMETER_ERROR.REQUIRED with texts of ours",
        "facts B4 gives the code only",
    ),
    invention(
        "a body that is not JSON, or JSON of another structure",
        "400 ENTITY_INVALID, 422 ENTITY_UNPROCESSABLE with texts of ours",
        "facts B4 gives the codes only",
    ),
    invention(
        "a body with another `type`, or an `id` other than the path's",
        "409 ENTITY_ERROR.TYPE.INVALID, ENTITY_ERROR.ID.INVALID",
        "never observed",
    ),
    invention("an unknown attribute", "409 ENTITY_ERROR.ATTRIBUTE.UNKNOWN", "never observed"),
    invention(
        "a page without `limit`",
        "20 provisioning objects, 50 of the store",
        "facts E5 shows an offset of 20 only",
    ),
    invention(
        "relations that are not played",
        "links only; an `include` of them adds nothing; a filter over them finds nothing",
        "the simulator holds no such objects",
    ),
    invention(
        "`data` of a relationship that is not included",
        "absent; provisioning relationships say `meta.paging {total: 0}` as observed",
        "facts E5 shows the paging, not the whole member",
    ),
    invention(
        "text filters",
        "substring on provisioning and on names, any case for UDIDs, else the whole value",
        "facts E5: observed for identifier and serialNumber",
    ),
    invention(
        "a CSR that is not one, or not RSA 2048",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID in the pattern of bad UDIDs, with `csrContent`",
        "facts E6: text not found; EC support unknown",
    ),
    invention(
        "a Developer ID certificate through the API",
        "403 FORBIDDEN_ERROR, the key does not allow it",
        "facts E2: refused, text unknown",
    ),
    invention(
        "the number of certificates per type",
        "DISTRIBUTION 3, DEVELOPMENT 2, others without limit; settable",
        "facts E6, K: sources disagree",
    ),
    invention(
        "a revoked certificate",
        "leaves the list at once, unless it is ordered to linger",
        "facts E2: unknown",
    ),
    invention("an expired certificate", "stays in the list and holds no place", "never observed"),
    invention(
        "`platform` of certificates for all platforms, `model` of devices",
        "null",
        "facts L lists null attributes as a live deviation, not where",
    ),
    invention(
        "the class of a registered device",
        "guessed from platform and name",
        "Apple reads it from the UDID",
    ),
    invention(
        "more devices than a class may have",
        "409 ENTITY_ERROR with a detail of ours",
        "never observed",
    ),
    invention(
        "names and identifiers of bundle IDs that do not fit, another team's prefix",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID, `The attribute 'name' is invalid: '…'`",
        "facts B5 gives the pattern",
    ),
    invention(
        "deleting the bundle ID of an app",
        "409 ENTITY_ERROR with a detail of ours",
        "facts E6: refused, text unknown",
    ),
    invention(
        "certificates or devices that do not fit the profile type",
        "409 ENTITY_ERROR.RELATIONSHIP.INVALID with a detail of ours",
        "facts E3 gives the rules, not the texts",
    ),
    invention(
        "several certificates for a store profile",
        "accepted; the profile contains the one that ends last",
        "facts E3: it contains exactly one; codemagic-cli-tools sends all that it finds",
    ),
    invention(
        "unknown or expired certificates beside current ones for a profile",
        "left out; refused only when none is current",
        "facts E6: so the text reads",
    ),
    invention(
        "a profile name that is taken",
        "409 ENTITY_ERROR, `Multiple profiles found with the name '…'.`",
        "facts E6, K: an old text",
    ),
    invention(
        "`DER-Encoded-Profile` in a profile",
        "the profile's dictionary in the shape of DER-encoded entitlements, in a CMS envelope of its own",
        "Apple publishes no specification",
    ),
    invention(
        "a profile with a device that is disabled",
        "INVALID, also after the device is enabled again",
        "Apple's website says so of disabled devices; how the API shows it was not seen",
    ),
    invention(
        "a certificate or bundle ID that was just made, in a new profile",
        "unknown until it can be read",
        "facts E: a 404 just after creating was seen; of references nothing is known",
    ),
    invention(
        "a deleted object that lingers",
        "listed, and a 404 on every use; a certificate holds its place as long",
        "reports of profiles that are listed and gone; how long is not known",
    ),
    invention(
        "a listed profile that is stuck",
        "409 ENTITY_ERROR with a detail of ours on every change; its name is taken",
        "reports name the 409, not its text",
    ),
    invention(
        "an ended profile that reads ACTIVE",
        "only where ordered; else EXPIRED",
        "facts L: EXPIRED was seen; when Apple switches it is not known",
    ),
    invention(
        "from which device on cursors are refused",
        "from the 400th, for lists of devices only; settable",
        "facts E5: refused in the middle of a walk; bitrise lists at most 400 then",
    ),
    invention(
        "`csrContent` of a certificate",
        "null",
        "codemagic-cli-tools reads no certificate without the attribute; what Apple writes there is not known",
    ),
    invention(
        "a build number that is not above the last one of its version and platform",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE with `previousBundleVersion` at `POST /v1/buildUploads`",
        "facts D1, K: captured from altool only",
    ),
    invention(
        "which uploads hold a build number",
        "those in PROCESSING and builds; reservations and FAILED uploads do not",
        "facts D1: a reservation is not a build; the rest is not known",
    ),
    invention(
        "a version or build number that is not up to four numbers with points between",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID, `The attribute '…' is invalid: '…'`",
        "never observed",
    ),
    invention(
        "a required relationship to an object that is not there",
        "409 ENTITY_ERROR.RELATIONSHIP.INVALID with a detail of ours",
        "facts B5 gives code and title",
    ),
    invention(
        "a second file of one `assetType`, a file for an upload that is committed",
        "409 ENTITY_ERROR.RELATIONSHIP.INVALID, 409 STATE_ERROR with details of ours",
        "never observed",
    ),
    invention(
        "a second commit of a file",
        "409 STATE_ERROR with a detail of ours",
        "never observed",
    ),
    invention(
        "deleting an upload",
        "204, but 409 STATE_ERROR while it is PROCESSING; a build that came of it stays",
        "never observed",
    ),
    invention(
        "the size of parts, how long their addresses are good, their headers",
        "8 MiB, a day, `Content-Type: application/octet-stream`; sizes and times settable; addresses are never renewed",
        "facts D1 gives the members only",
    ),
    invention(
        "a part that is not sent as ordered",
        "400, 403, 404, 405 or 411 with an XML document in the words of object storage",
        "nobody has shown what Apple's storage answers",
    ),
    invention(
        "parts that are missing at the commit, a wrong checksum, a file that is no .ipa or has other numbers than the upload",
        "the commit is 200; then FAILED with codes of ours that begin with SIMULATOR",
        "facts D1: failures arrive in `state.errors`; these codes are not known",
    ),
    invention(
        "`composite` of `sourceFileChecksums`",
        "kept, not compared",
        "what it is made of is not known",
    ),
    invention(
        "the descriptions of 90054, 90062, 90186, 90189, 90382 and 90473",
        "words of ours",
        "facts D1 gives numbers and meanings; 90054 (other bundle ID) and 90189 (number taken) are known from altool",
    ),
    invention(
        "which of a version that is closed and one that is too low is said",
        "both, 90186 first",
        "facts D1 names both",
    ),
    invention(
        "how long processing takes",
        "3 seconds from the commit to COMPLETE, 3 more until the build is VALID; settable",
        "minutes to hours at Apple",
    ),
    invention(
        "when the build of an upload exists",
        "with COMPLETE, in `processingState` PROCESSING",
        "facts D1: filled once it exists",
    ),
    invention("the ids of `buildBetaDetails`", "those of their builds", "never observed"),
    invention(
        "answering export compliance a second time, or un-expiring a build",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID, `You cannot update when the value is already set.`",
        "facts F2: \"value already set\"; F3: one-way is inferred",
    ),
    invention(
        "a build that uses encryption that is not exempt",
        "answered like any other; no declaration is asked for",
        "the documents that Apple wants are not played",
    ),
    invention(
        "the order of versions and build numbers",
        "by their numbers, not as text",
        "never observed",
    ),
    invention(
        "filters over a related object (`filter[preReleaseVersion.version]`)",
        "any related object that fits",
        "the document names them, nothing says how several are meant",
    ),
    invention(
        "a relationship that can be changed and not read",
        "403 FORBIDDEN_ERROR, `The relationship '…' does not allow 'GET_RELATIONSHIP'`",
        "facts B5 gives the words for resources, F3 that it is refused",
    ),
    invention(
        "what belongs to every app and build in TestFlight without being made",
        "review details and a license with the app's id, texts of app and build in the primary language, empty",
        "the document offers no way to make the first two; the rest is not known",
    ),
    invention(
        "a Developer key in TestFlight",
        "internal groups, their builds, testers and invitations; builds, texts, notifications and review are for reading",
        "facts B3, L: seen for some of these only",
    ),
    invention(
        "a group that has access to all builds",
        "holds every VALID build of its app; adding or taking one is 422 ENTITY_UNPROCESSABLE",
        "the words are known from fastlane, status and code are not",
    ),
    invention(
        "an external group before there is an internal one",
        "409 STATE_ERROR with a detail of ours",
        "facts F3: needed; the answer is not known",
    ),
    invention(
        "a name of a group that is taken, an empty one",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE, ENTITY_ERROR.ATTRIBUTE.INVALID",
        "never observed",
    ),
    invention(
        "public links",
        "external groups only, limit 1 to 10000, the address stays when the link is closed and opened",
        "never observed",
    ),
    invention(
        "a build for a group of another app, or one that is expired or not VALID",
        "409 ENTITY_ERROR.RELATIONSHIP.INVALID, 409 STATE_ERROR with details of ours",
        "never observed",
    ),
    invention(
        "an id in a relationship request that is not there",
        "409 ENTITY_ERROR.RELATIONSHIP.INVALID, and nothing of the request is done",
        "never observed",
    ),
    invention(
        "the code of \"Only one relationship should be included when creating betaTesters\"",
        "409 ENTITY_ERROR",
        "facts F3 gives status and words",
    ),
    invention(
        "an address that is a tester of the app already",
        "201 with the tester that is there, who gains the group",
        "never observed",
    ),
    invention(
        "when a tester is invited",
        "as soon as a build in testing is within reach; an invitation without one is 409 STATE_ERROR",
        "facts F1 gives the states only",
    ),
    invention(
        "texts: their length, which letters are emoji, which languages there are",
        "4000 characters (Unicode scalars), the blocks of pictographs, any language tag of up to three parts",
        "facts F3: emoji are refused; the bounds are not known",
    ),
    invention(
        "a second text of one language, deleting that of the primary language",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID.DUPLICATE, 409 STATE_ERROR with details of ours",
        "never observed",
    ),
    invention(
        "beta review of a build whose app lacks contact, description or feedback address, or of one that is not ready",
        "422 ENTITY_UNPROCESSABLE, one error for each thing that is missing",
        "facts F3 names other leaves of that code",
    ),
    invention(
        "the same build in beta review again",
        "409 STATE_ERROR with a detail of ours; after a rejection it is taken",
        "facts F3 gives the status",
    ),
    invention(
        "a build of a version of which another build was approved",
        "READY_FOR_BETA_SUBMISSION, and its submission is APPROVED at once",
        "facts F3: only the first build of a version needs review; how it shows is not known",
    ),
    invention(
        "an approved build",
        "BETA_APPROVED, and IN_BETA_TESTING once an external group or a single tester has it",
        "facts F1 gives the states only",
    ),
    invention(
        "a notification of a build that is not in external testing",
        "409 STATE_ERROR.ENTITY_STATE_INVALID with a detail of ours",
        "facts F3 gives the code for another case",
    ),
    invention(
        "who is in the team",
        "the users that the seed or the control port made, by address",
        "`users` of the store API are not played",
    ),
    invention(
        "the body of notifications of build uploads and of external states",
        "`newValue`, `oldValue`, `timestamp` and the instance, as for versions of the App Store",
        "facts G1 shows versions and pings only",
    ),
    invention(
        "the instance of a notification of an external state",
        "the `buildBetaDetails`",
        "facts G1 names the event only",
    ),
    invention(
        "a notification that was not taken",
        "FAILED, and nothing more until somebody asks for a redelivery",
        "facts G1: Apple's schedule is not known",
    ),
    invention(
        "how long the address of a webhook may take",
        "10 seconds of real time; redirects are not followed",
        "facts G1: not known",
    ),
    invention(
        "the addresses of webhooks",
        "http and https",
        "Apple will want https; who tests has no certificate",
    ),
    invention(
        "which states are told",
        "of uploads PROCESSING, COMPLETE and FAILED; of builds every change of the external state",
        "facts G1 names the events only",
    ),
    invention(
        "a ping to a webhook that is off, its event",
        "sent; the event has no `eventType`",
        "never observed",
    ),
    invention(
        "an empty name or secret of a webhook",
        "409 ENTITY_ERROR.ATTRIBUTE.INVALID with a detail of ours",
        "never observed",
    ),
];
