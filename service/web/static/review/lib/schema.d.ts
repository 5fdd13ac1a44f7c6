// The shapes of /review/api. Written by .ci/javascript/schema.py out of the OpenAPI document; a test says when that is due.

declare namespace Api {
  /** A link is used. */
  interface AcceptInput {
    token: string;
    name: string;
    password: string;
  }

  /** Whoever accepted signs in now, as everybody does. */
  interface AcceptedView {
    name: string;
  }

  /** What somebody may do, and where. */
  interface AccessInput {
    role: Role;
    /** The sites that they see; empty: all, also those to come. */
    sites: string[];
  }

  /** How somebody signs in. */
  interface AccountView {
    /** Since when they have one (RFC 3339); null: they have none. */
    second_factor: string | null;
    /** How many are left. */
    recovery_codes: number;
    /** Whether the role, or a site that they see, needs a second factor. */
    required: boolean;
    /** Whether they have a password here; else they sign in at the provider alone. */
    password: boolean;
  }

  /** What the author answered to a rejection, and who had made it. `open`: it waits to be judged. */
  interface AppealView {
    text: string;
    at: string;
    decider: string;
    open: boolean;
    may_judge: boolean;
  }

  /** One try to deliver a call-back. */
  interface AttemptView {
    site: string;
    /** The webhook-id. */
    id: string;
    comment: string;
    type: string;
    /** `delivered`, `retry` or `dead` (given up). */
    result: string;
    tries: number;
    /** What the receiver answered; 0: nothing. */
    status: number;
    error: string;
    took_ms: number;
    at: string;
  }

  /** What a moderator says of a comment of the list `audit`, not knowing what the machine said. */
  interface AuditInput {
    outcome: Outcome;
    reasons?: string[];
    /** The revision that was looked at; when it has changed since, 409 says what won. */
    revision?: number | null;
  }

  /** Something that somebody changed. */
  interface AuditLine {
    /** RFC 3339. */
    at: string;
    /** `moderator:<name>`, or `operator` at the command line, `stranger`: nobody knows. */
    actor: string;
    /** Such as `sites.add`, `moderators.password`, `deliveries.replay`. */
    what: string;
    subject: string;
    /** Whose it is; empty: of the whole box. */
    site: string;
    note: string;
  }

  /** A page of the audit log, newest first. */
  interface AuditPage {
    items: AuditLine[];
    /** The cursor of the next page, null on the last. */
    next: string | null;
  }

  /** An author's comments on this site, by digest: how many stand where, and the last ones. */
  interface AuthorHistory {
    total: number;
    counted: number;
    states: Record<string, number>;
    last: Row[];
  }

  /** Who wrote it. `digest` is a keyed digest of the e-mail address, null when none was given. */
  interface AuthorView {
    name: string;
    url: string;
    digest: string | null;
    role: string;
  }

  /** What is to be decided about each of them. */
  interface BulkAction {
    outcome: Outcome;
    reasons?: string[];
    /** Addresses in it are dotted out. */
    note?: string;
  }

  /** First ask what it would do: exactly one of `ids`, `query`, `campaign` and `same`, and the action. Then say `token`, and `confirm` (the count, typed by a human) when the plan asks for it. `seen` tells the revision of each of `ids` as the asker saw it: one that has changed since is left alone. */
  interface BulkInput {
    ids?: string[] | null;
    seen?: Record<string, number>;
    query?: Query | null;
    campaign?: string | null;
    same?: Same | null;
    action?: BulkAction | null;
    token?: string | null;
    confirm?: number | null;
  }

  /** What a bulk decision would do. `confirm`: its count must be said again. */
  interface BulkPlan {
    token: string;
    count: number;
    sites: Record<string, number>;
    confirm: boolean;
    expires_at: string;
  }

  /** A bulk decision under way or done. `state`: running, done, undoing, undone. When the process that works on it dies, another one goes on after some seconds. */
  interface BulkView {
    id: string;
    by: string;
    action: BulkAction;
    state: string;
    count: number;
    done: number;
    skipped: number;
    undone: number;
    first_skipped: Skipped[];
    started_at: string;
    undo_until: string;
  }

  /** What one actor decided: a moderator or platform by name, or a model version. */
  interface By {
    name: string;
    total: number;
    decided: Outcomes;
    /** The first day of those that are counted here. */
    first: string;
    /** The last one. */
    last: string;
  }

  /** `bye`: the stream ends. `why`: sign-out, shutdown, or slow (the reader fell behind); reconnect but after sign-out. */
  interface ByeEvent {
    why: string;
  }

  /** The campaign (near-duplicates) that a comment belongs to, and how many there were when it was judged. */
  interface CampaignRef {
    id: string;
    size: number;
  }

  /** Near-duplicates: how many are known, on how many sites, where they stand, and some of those that the asker may see. */
  interface CampaignView {
    id: string;
    size: number;
    sites: number;
    states: Record<string, number>;
    held: number;
    first_at: string;
    last_at: string;
    members: Row[];
  }

  /** The latest campaigns. */
  interface Campaigns {
    items: CampaignView[];
  }

  /** One line of a comment's history. `content`: the text that a moderator lets readers see with it, "" where it stays. `to`: the person (`moderator:bo`) or role (`role:lead`) that it was handed to. */
  interface ChangeView {
    revision: number;
    at: string;
    actor: string;
    what: string;
    state: State;
    decision: DecisionView | null;
    content: string;
    to: string;
  }

  /** A comment after what was done to it; `undo` while it can be taken back. */
  interface Changed {
    comment: Row;
    undo: Undo | null;
  }

  /** A comment that the policy would treat otherwise than the live one. */
  interface ChangedView {
    /** Empty: an example that is no comment of ours. */
    id: string;
    before: Outcome;
    after: Outcome;
    /** What a human decided; null: nobody did. */
    human: Outcome | null;
    /** Names of rules and lists, or codes; the deciding one first. */
    reasons: string[];
  }

  /** Who is looking at a comment, until when unless they renew it. `mine`: it is the asker. */
  interface Claim {
    by: string;
    until: string;
    mine: boolean;
  }

  /** `claim`: somebody looks at a comment (`by`), until when unless they renew it; or nobody any more ("", null). */
  interface ClaimEvent {
    site: string;
    comment: string;
    by: string;
    until: string | null;
  }

  /** What the app shows. */
  interface CodeInput {
    code: string;
  }

  /** Somebody to whom a comment can be handed: `to` is what to say, a person or a role. */
  interface Colleague {
    to: string;
    name: string;
    role: Role;
  }

  /** Who sees a site: the roles first, then persons by name. */
  interface Colleagues {
    items: Colleague[];
  }

  /** `comment`: something happened to one. `what`: decided, edited, requeued, escalated, snoozed, returned, undone, erased, noted, appealed. */
  interface CommentEvent {
    site: string;
    comment: string;
    state: State;
    list: string;
    revision: number;
    actor: string;
    what: string;
  }

  /** What the sample costs the moderators. */
  interface Cost {
    answers: number;
    waiting: number;
    per_day: number;
  }

  /** How many comments were approved, held, rejected. */
  interface Counts {
    approve: number;
    hold: number;
    reject: number;
  }

  /** One day, by each site's own midnight. A decision of the machine that a human contradicts counts on the day when it was made. */
  interface DayCount {
    day: string;
    /** Comments that came in; those that were erased don't count. */
    arrived: number;
    machine: Outcomes;
    people: Outcomes;
    /** Approved by the machine, rejected by a human since. */
    missed: number;
    /** Rejected by the machine, approved by a human since. */
    false_alarm: number;
  }

  /** Approve, hold or reject. A rejection names at least one reason; the reason "other" needs a note. `edit`: approve another text than the author's, where the site takes that. */
  interface DecisionInput {
    outcome: Outcome;
    /** The revision that was looked at; when it has changed since, 409 says what won. */
    revision: number;
    reasons?: string[];
    /** Addresses in it are dotted out. */
    note?: string;
    edit?: EditInput | null;
  }

  /** A decision: what, by whom, when, and every reason. `discard`: blatant, the platform need not keep it. `tags` were given by the policy's rules and lists; `policy` is the edition of the policy that decided. */
  interface DecisionView {
    outcome: Outcome;
    actor: string;
    at: string;
    revision: number;
    reasons: Reason[];
    scores: Record<string, number>;
    model: string;
    discard: boolean;
    note: string;
    tags: string[];
    policy: number;
  }

  /** What there is to see of call-backs. */
  interface DeliveryLog {
    /** On the first page; others have the tries alone. */
    receivers: ReceiverView[];
    /** The last tries, newest first. */
    attempts: AttemptView[];
    /** Oldest first; on the first page. */
    given_up: GivenUpView[];
    /** The cursor of the tries before these, null on the last page. */
    next: string | null;
  }

  /** All that a moderator may know of a comment. In an audit it is blind, like its row. */
  interface Detail {
    comment: Row;
    site_url: string;
    content: string;
    edit: EditView | null;
    may_edit: boolean;
    handed: HandedView | null;
    links: Link[];
    parent_id: string;
    parent_text: string;
    parent: Row | null;
    siblings: Row[];
    replies: Row[];
    reported_as: Record<string, number>;
    scores: Score[];
    flags: string[];
    signals: SignalView[];
    explanation: Explanation | null;
    author: AuthorHistory | null;
    marks: MarkView[];
    address_known: boolean;
    campaign: CampaignView | null;
    earlier: EarlierText[];
    history: ChangeView[];
    notes: NoteView[];
    undo: Undo | null;
    appeal: AppealView | null;
  }

  /** A text that the comment had before it was edited, oldest first. */
  interface EarlierText {
    content: string;
    author_name: string;
  }

  /** The text to be shown in the place of the author's; the author's own takes an edit back. The decision's reasons say what was wrong with the author's text, which the model learns; `nothing_wrong`: it is only tidied. */
  interface EditInput {
    /** E-mail addresses in it are dotted out. At most 65,525 bytes. */
    content: string;
    nothing_wrong?: boolean;
  }

  /** What a moderator made of a comment's text, to be shown in the author's place. */
  interface EditView {
    content: string;
    by: string;
    at: string;
    revision: number;
  }

  /** The newest editions of a policy, newest first, the live one among them. */
  interface EditionPage {
    items: KeptView[];
  }

  /** One edition of a policy: its number, from when, by whom. */
  interface EditionView {
    /** 0 is the default that a site begins with. */
    version: number;
    /** RFC 3339; null: since the site is there. */
    at: string | null;
    by: string;
    note: string;
  }

  /** Which browser. */
  interface EndpointInput {
    /** The `endpoint` that the browser names. */
    endpoint: string;
  }

  /** What an app needs to make codes; shown this once. */
  interface EnrolmentView {
    /** The secret, base32, to be typed. */
    key: string;
    /** The same as an `otpauth:` address. */
    address: string;
    /** The same as a QR code, SVG. */
    picture: string;
  }

  /** Erase a comment for good; `author`: and everything on its site that came with the same e-mail address. */
  interface EraseInput {
    author?: boolean;
  }

  /** How many comments were erased. */
  interface ErasedView {
    erased: number;
  }

  /** Pass a held comment on to whoever decides the hard ones, or `to` somebody. */
  interface EscalateInput {
    /** The revision that was looked at; when it has changed since, 409 says what won. */
    revision: number;
    /** Addresses in it are dotted out. */
    note?: string;
    /** `moderator:<name>` or `role:<role>`, as colleagues are named; empty: nobody. */
    to?: string;
  }

  /** Why a label has its score: the parts' contributions add up to the logit. */
  interface Explanation {
    label: string;
    probability: number;
    logit: number;
    parts: Part[];
  }

  /** Why a label has its score; the parts' contributions add up to the logit. It is of the text that this revision has. */
  interface ExplanationView {
    id: string;
    revision: number;
    model: string;
    explanation: Explanation;
  }

  /** One value of a facet, how many comments of the list have it, and its name for people. */
  interface FacetValue {
    value: string;
    count: number;
    text: string;
  }

  /** How the comments of a list that match the filters divide, the most frequent values first, at most 50 each. `counted` null: all of them, by an index. Else so many of the list were looked at; when that is not `complete`, the list goes on, and the counts are of these first ones. */
  interface Facets {
    site: FacetValue[];
    page: FacetValue[];
    label: FacetValue[];
    signal: FacetValue[];
    rule: FacetValue[];
    reason: FacetValue[];
    model: FacetValue[];
    author: FacetValue[];
    language: FacetValue[];
    campaign: FacetValue[];
    counted: number | null;
    complete: boolean;
  }

  /** The comments that an address or an id may mean. */
  interface Found {
    items: Row[];
  }

  /** A call-back that was given up. */
  interface GivenUpView {
    site: string;
    id: string;
    comment: string;
    type: string;
    tries: number;
    /** When it was first to be sent, RFC 3339. */
    since: string;
  }

  /** Somebody wants to sign in there. */
  interface GoInput {
    /** Of the link, for who was invited. */
    invitation?: string;
  }

  /** Where to go. */
  interface GoView {
    /** The provider's page; it sends the browser back. */
    address: string;
  }

  /** How one half of a promise stands now. */
  interface HalfView {
    /** A share from 0 to 1. */
    promised: number;
    /** The policy's; null: nothing is done from any score on. */
    threshold: number | null;
    /** What is certain now, with the promise's confidence. */
    bound: number;
    /** Decisions that it rests on. */
    rows: number;
    /** Good comments that are held back, or rejected, among them. */
    mistakes: number;
    /** So many more decisions without a mistake until it is kept; 0: it is. */
    missing: number;
  }

  /** A comment handed `to` `moderator:bo`, `role:lead` or, "", whoever takes it, and what was said. `mine`: to the asker. */
  interface HandedView {
    to: string;
    by: string;
    at: string;
    note: string;
    mine: boolean;
  }

  /** `hello`: the stream stands; whoever reconnects fetches the lists anew, since what happened meanwhile is not repeated. */
  interface HelloEvent {
    heartbeat: number;
  }

  /** How often a rule or a list fired, and how often it was what decided, by what humans said of these comments. */
  interface Hits {
    fired: Humans;
    decided: Humans;
    newest: string[];
  }

  /** One rule of a site, and what a rejection for it says and teaches. */
  interface HouseRule {
    /** Lower-case letters, digits and hyphens; decisions carry it. */
    code: string;
    /** What moderators read in the menu. */
    name: string;
    /** What the author is told; empty: the name. */
    text?: string;
    /** The label that the model learns from such a rejection; empty: none. */
    teaches?: "" | "identity_attack" | "insult" | "profanity" | "severe_toxicity" | "spam" | "threat" | "toxicity";
  }

  /** A reason of a site's own that moderators may give. */
  interface HouseRuleView {
    code: string;
    name: string;
    /** What the author is told. */
    text: string;
  }

  /** How many comments humans approved, rejected, or have not decided. */
  interface Humans {
    approve: number;
    reject: number;
    nobody: number;
  }

  /** A share with its confidence interval; `n` is how many observations it rests on (0: nothing is known). */
  interface Interval {
    estimate: number;
    low: number;
    high: number;
    n: number;
  }

  /** What a link is for. */
  interface InvitationView {
    name: string;
    role: Role;
    /** Empty: all. */
    sites: string[];
    /** Whether they are new, and may choose a name. */
    new: boolean;
    /** Whether they choose a password; else they sign in at the provider. */
    password: boolean;
    until: string;
  }

  /** Somebody new. */
  interface InviteInput {
    name: string;
    role: Role;
    /** The sites that they see; empty: all, also those to come. */
    sites: string[];
    /** They choose a password here; else they sign in at the provider. */
    password?: boolean;
  }

  /** An edition and what it said. */
  interface KeptView {
    edition: EditionView;
    policy: Policy;
  }

  /** Where somebody came from who has signed out. */
  interface LeaveView {
    /** Go there to sign out at the provider; it leads back here. */
    address: string;
  }

  /** A link in the text: where it stands and leads, its host as a browser asks for it (ASCII) and as people read it. */
  interface Link {
    start: number;
    end: number;
    start_utf16: number;
    end_utf16: number;
    url: string;
    host: string;
    host_unicode: string;
    text: string;
  }

  /** A link for somebody who is there. */
  interface LinkInput {
    /** For a new password; else it connects them with the provider. */
    password?: boolean;
    /** Using it takes their second factor away. */
    forget_second_factor?: boolean;
  }

  /** A link, shown this once. */
  interface LinkView {
    name: string;
    /** Its address, as seen from this page's own. */
    link: string;
    /** Until when it is good unless it is used, RFC 3339. */
    until: string;
  }

  /** How many comments are in each list, of the sites that are asked for; `mine`: of `escalated`, handed to you. */
  interface ListCounts {
    flagged: number;
    escalated: number;
    snoozed: number;
    decided: number;
    approved: number;
    rejected: number;
    reported: number;
    appealed: number;
    later: number;
    audit: number;
    mine: number;
  }

  /** Whether somebody is to be kept out. */
  interface LockInput {
    locked: boolean;
  }

  /** Trust or block an author, an IP address or a network on a site: by its digest, or by a comment of theirs. With a `comment`, `whom` says which of its digests is meant. An author who is trusted is trusted from the networks and with the links that they have been approved with so far, that comment's among them, or where the platform vouches for them. */
  interface MarkInput {
    site: string;
    what: "blocked" | "trusted";
    digest?: string;
    /** Our id of a comment. */
    comment?: string;
    /** Of the `comment`. */
    whom?: "address" | "author" | "network";
    /** RFC 3339, with a time zone. */
    until?: string | null;
    /** Addresses in it are dotted out. */
    note?: string;
  }

  /** A standing word on an author of a site: trusted or blocked, until when (null: for good), why, by whom. */
  interface MarkView {
    site: string;
    digest: string;
    what: string;
    until: string | null;
    note: string;
    by: string;
    at: string;
  }

  /** The marks of a site, newest first. */
  interface Marks {
    items: MarkView[];
  }

  /** By whose midnight the days of some sites are counted. */
  interface Midnight {
    /** As IANA names it. */
    zone: string;
    /** When today began there (RFC 3339). */
    at: string;
    sites: string[];
  }

  /** One of the things that are wrong with a policy; `line` and `column`, from 1, say where in a rule's condition. `said` is the sentence in `detail` without its place and with `values` not yet filled in, for who says it in another language. */
  interface Mistake {
    detail: string;
    pointer?: string;
    line?: number;
    column?: number;
    said?: string;
    values?: Record<string, string | number>;
  }

  /** A note for other moderators. */
  interface NoteInput {
    text: string;
  }

  /** An internal note; it is erased with the comment. */
  interface NoteView {
    id: string;
    by: string;
    at: string;
    text: string;
  }

  /** What a decision says; the state that follows is `STATE_OF`. */
  type Outcome = "approve" | "hold" | "reject";

  /** How often each outcome was said. */
  interface Outcomes {
    approve: number;
    hold: number;
    reject: number;
  }

  /** A page of a list. `next` is the cursor of the next one, null at the end. `total` is how many match in all, null when only looking tells; `searched` is how many were looked at for this page, which may have fewer items than asked for, and none, although there is a next one. */
  interface Page {
    items: Row[];
    next: string | null;
    total: number | null;
    searched: number;
  }

  /** What was commented on. */
  interface PageView {
    url: string;
    title: string;
  }

  /** One additive part of a score's logit: a span of the text, what a passage means, a named feature, the intercept, or the named rest. The `name` of a span is "" where it is kept: positions say where it stands, so that no words of a comment live on in its verdict. Whoever asks for an explanation gets the words (`spelt_out`). */
  interface Part {
    kind: string;
    name: string;
    contribution: number;
    field: string;
    start: number;
    end: number;
    start_utf16: number;
    end_utf16: number;
  }

  /** A new password, and the present one. */
  interface PasswordInput {
    current: string;
    new: string;
    /** Of the second factor, for who has one; or a recovery code. */
    code?: string;
  }

  /** Somebody of the team. */
  interface PersonView {
    name: string;
    role: Role;
    /** Those that you see too; empty, and not `elsewhere`: all. */
    sites: string[];
    /** Whether they see sites that you don't, or none that is there. */
    elsewhere: boolean;
    state: "active" | "invited" | "locked";
    /** Whether they have one here. */
    second_factor: boolean;
    /** Whether they must have one. */
    required: boolean;
    /** Whether they have a password here. */
    password: boolean;
    /** Whether they sign in at the team's provider. */
    provider: boolean;
    /** Whether their groups there say what they may do and see. */
    managed: boolean;
    /** RFC 3339, a minute more or less; null: never. */
    last_seen: string | null;
    /** Until when a link for them is good, RFC 3339; null: there is none. */
    link_until: string | null;
    /** Whether you may change them: never yourself. */
    governed: boolean;
  }

  /** What a site wants done with which verdict. */
  interface Policy {
    /** `by-score`; `hold-everything`; `hold-new-authors`: until `release_after` of theirs are approved; `approve-first`: what scores would hold is approved, and tagged `review`. */
    mode?: "approve-first" | "by-score" | "hold-everything" | "hold-new-authors";
    /** Thresholds of labels that `thresholds` leaves out: `quiet` asks moderators less, `strict` misses less. */
    preset?: "balanced" | "quiet" | "strict";
    /** By label; what differs from the preset. */
    thresholds?: Record<string, Thresholds>;
    /** For languages that the model has not learnt or can't tell; null: trust the scores. */
    unsupported_language?: Outcome | null;
    /** Kinds of which the scores judge nothing but spam, as letters, digits and hyphens. */
    spam_only?: string[];
    /** When no machine verdict can be had. */
    on_no_verdict?: Outcome;
    /** For `hold-new-authors`. */
    release_after?: number;
    lists?: WordList[];
    /** In order: the first decides. */
    rules?: Rule[];
    /** Reasons of the site's own that moderators may give. */
    house_rules?: HouseRule[];
    /** What the thresholds were computed to keep. */
    promise?: Promise | null;
    /** Share of automatic decisions that moderators judge blind; null: as the service is set. */
    audit_share?: number | null;
  }

  /** A policy to save. */
  interface PolicyInput {
    policy: Policy;
    /** Why, for the history. */
    note?: string;
    /** Only if this is still the live edition; 409 otherwise. */
    version?: number | null;
  }

  /** A site's policy, and which edition of it this is. */
  interface PolicyView {
    site: string;
    edition: EditionView;
    policy: Policy;
    /** The thresholds that apply, the preset's among them. */
    effective: Record<string, Thresholds>;
    /** The thresholds of each preset, by label. */
    presets: Record<string, Record<string, Thresholds>>;
  }

  /** How somebody likes the page. What is left out is as usual. */
  interface Preferences {
    /** What the page speaks, as BCP 47 writes it. */
    language?: string;
    theme?: "dark" | "light";
    /** Cover the worst words. */
    mask?: boolean;
    /** Hide authors' names. */
    blind?: boolean;
    /** Show contributions beside the words. */
    numbers?: boolean;
    /** Single keys act. */
    shortcuts?: boolean;
    /** Action to key; an empty one: none. */
    keys?: Record<string, string>;
  }

  /** What changes; null: as usual again. What is left out stays. */
  interface PreferencesInput {
    language?: string | null;
    theme?: "dark" | "light" | null;
    mask?: boolean | null;
    blind?: boolean | null;
    numbers?: boolean | null;
    shortcuts?: boolean | null;
    /** Action to key; an empty one: none. */
    keys?: Record<string, string> | null;
  }

  /** A policy to try, and on how much of the past. */
  interface PreviewInput {
    policy: Policy;
    /** So many of the newest comments. */
    last?: number;
  }

  /** What a policy would have done with a site's past, beside the live one, and beside what humans decided of it. */
  interface PreviewView {
    site: string;
    /** Of the live policy, which it is compared with. */
    edition: number;
    looked: number;
    /** Comments that could not be looked at any more. */
    without_text: number;
    /** Of those looked at: they count as when there is no verdict. */
    without_scores: number;
    /** Of those looked at: never judged here, so that the model scored them now. */
    scored_now: number;
    /** Signal that the policy asks about -> of how many it can't be known. */
    unknown: Record<string, number>;
    /** When the oldest of them came in; null: there is none. */
    since: string | null;
    /** What the live policy does with them. */
    before: Counts;
    /** What this one would do. */
    after: Counts;
    /** The difference; below zero: fewer. */
    more: Counts;
    /** By what the live policy does, and of these what this one would do. */
    approved_by_humans: Shift;
    rejected_by_humans: Shift;
    undecided: Shift;
    /** By the name of a rule or list. */
    hits: Record<string, Hits>;
    /** The newest. */
    changed: ChangedView[];
  }

  /** RFC 9457 problem details. `type` names the problem, `pointer` (RFC 6901) the field, `instance` the request. Of a policy, `errors` has all that is wrong, up to a number, and `errors_left_out` how many more there are; the other members are about the first. `line` and `column`, from 1, say where in a policy's condition it goes wrong. */
  interface Problem {
    type: string;
    title: string;
    status: number;
    detail?: string;
    instance?: string;
    pointer?: string;
    line?: number;
    column?: number;
    errors?: Mistake[];
    errors_left_out?: number;
  }

  /** What a site was promised of its thresholds, which the learning loop then computes. None: nothing of that kind. */
  interface Promise {
    good_held?: number | null;
    reject_precision?: number | null;
    confidence?: number;
    label?: string;
    model?: string;
  }

  /** What a site was promised of its thresholds, and how that stands by decisions that the version in use has not seen. */
  interface PromiseView {
    site: string;
    /** false: this site was made no promise, and the rest says nothing. */
    promised: boolean;
    label: string;
    confidence: number;
    /** The version that it was computed for; empty: not known. */
    made_for: string;
    /** The version in use. */
    model: string;
    decisions: number;
    /** Of good comments, the share that is held back. */
    good_held: HalfView | null;
    /** Of what is rejected, the share that is bad. */
    reject_precision: HalfView | null;
  }

  /** That it is still they who ask. */
  interface ProofInput {
    current: string;
    /** Of the second factor, for who has one; or a recovery code. */
    code?: string;
  }

  /** Whether one can sign in elsewhere. */
  interface ProviderView {
    /** What to call it; null: nowhere. */
    label: string | null;
  }

  /** Whether browsers are told for this moderator. */
  interface PushView {
    /** The `applicationServerKey` to subscribe with; null: no notice reaches them. */
    key: string | null;
  }

  /** How good a site's automatic decisions were in the last `days`, with 95 % intervals. */
  interface QualityReport {
    days: number;
    sampled: number;
    answered: number;
    precision: Interval;
    missed: Interval;
    recall: Interval;
    cost: Cost;
  }

  /** What moderators said, blind, of a random sample of automatic decisions, for each site. */
  interface QualityView {
    items: SiteQuality[];
  }

  /** The filters of a list, as its address has them. Empty: not filtered by it. Facets take several values, one a line. */
  interface Query {
    list?: "flagged" | "escalated" | "snoozed" | "decided" | "approved" | "rejected" | "reported" | "appealed" | "later" | "audit";
    site?: string;
    page?: string;
    label?: string;
    signal?: string;
    rule?: string;
    reason?: string;
    model?: string;
    author?: string;
    language?: string;
    campaign?: string;
    handed?: "" | "me";
    /** Decided by this actor. */
    by?: string;
    /** RFC 3339, with a time zone. */
    since?: string | null;
    /** RFC 3339, with a time zone. */
    until?: string | null;
    q?: string;
    sort?: "" | "newest" | "oldest" | "severest";
  }

  /** What waits at a site now; ages are seconds since a comment was held, null when none is. */
  interface Queue {
    site: string;
    held: number;
    median: number | null;
    /** Nine of ten have waited for less long. */
    ninetieth: number | null;
    oldest: number | null;
    /** Comments that wait for the machine. */
    pending: number;
  }

  /** One line of why: a code, and where a number decided, the number and the threshold that it passed. */
  interface Reason {
    code: string;
    text?: string;
    label?: string;
    score?: number | null;
    threshold?: number | null;
    explanation?: Explanation | null;
    rule?: string;
    phase?: string;
  }

  /** A site's receiver. */
  interface ReceiverView {
    site: string;
    /** Its address; empty: the site polls. */
    callback: string;
    /** RFC 3339; null: it is not paused. */
    paused_until: string | null;
    /** Why it is paused. */
    why: string;
    /** When tries began to fail, RFC 3339; null: the last one did not. */
    failing_since: string | null;
    /** Comments with call-backs that wait. */
    waiting: number;
    /** Call-backs that were given up, of the last 30 days. */
    given_up: number;
  }

  /** Recovery codes, shown this once, and the new session. */
  interface RecoveryView {
    codes: string[];
    session: SessionView;
  }

  /** Which call-backs to send again: some by id, or all that were given up. */
  interface ReplayInput {
    site: string;
    ids?: string[];
    /** All that were given up; then without ids. */
    everything?: boolean;
  }

  /** What became of it. */
  interface ReplayView {
    /** Call-backs that will be sent again. */
    count: number;
    /** Ids that are unknown, or too old. */
    unknown: string[];
  }

  /** An earlier edition of a policy to save again, as a new one. */
  interface RestoreInput {
    /** Which one. */
    edition: number;
    /** Why, for the history. */
    note?: string;
    /** Only if this is still the live edition; 409 otherwise. */
    version?: number | null;
  }

  /** Undo, or return to the queue, what still has this revision. */
  interface RevisionInput {
    /** The revision that was looked at; when it has changed since, 409 says what won. */
    revision: number;
  }

  /** Something that not everybody may do. */
  type Right = "audit" | "bulk" | "deliveries" | "erase" | "marks" | "models" | "policy" | "preview" | "queue" | "replay" | "team" | "undo-others";

  /** What somebody is here for. Each may do what those before may. */
  type Role = "lead" | "moderator" | "operator";

  /** A comment in a list. In the list `audit` it is blind: no state, verdict, reasons or decision (empty and null). */
  interface Row {
    id: string;
    site: string;
    platform_id: string;
    state: State | null;
    list: string;
    revision: number;
    created_at: string;
    entered_at: string;
    author: AuthorView | null;
    page: PageView | null;
    excerpt: string;
    text_kept: boolean;
    handed: string;
    edited: boolean;
    severity: number;
    scores: Record<string, number>;
    reasons: string[];
    rules: string[];
    signals: string[];
    language: string;
    model: string;
    campaign: CampaignRef | null;
    decision: DecisionView | null;
    reports: number;
    notes: number;
    snoozed_until: string | null;
    claim: Claim | null;
  }

  /** One rule of a policy: when its condition is true of a comment, it does what `then` says. */
  interface Rule {
    /** Names it among the site's rules and lists, and in the reasons. */
    name: string;
    /** What it does. `discard` rejects as blatant; `tag` only tags. */
    then: "approve" | "discard" | "hold" | "reject" | "tag";
    /** The reason code that it gives, `rule` or `list` unless told. */
    code?: string | null;
    /** Tags for the comment. */
    tags?: string[];
    /** `live`; `shadow`: noted, without effect; `draft`: not looked at. */
    status?: "draft" | "live" | "shadow";
    /** The last day, in UTC, on which it counts. */
    expires?: string | null;
    /** Who answers for it. */
    owner?: string;
    /** What it is there for. */
    note?: string;
    /** The condition, such as `links >= 3 and spam > 40%`. */
    when: string;
  }

  /** What waits that has the same author, IP address or network as a comment; `published`: and what is approved. An author's is all of it. Of an address or a network it is what is among the newest of the site in either state. */
  interface Same {
    comment: string;
    whom: "address" | "author" | "network";
    published?: boolean;
  }

  /** A label's probability, and from where this site's policy holds, rejects, discards (null: never). */
  interface Score {
    label: string;
    score: number;
    hold: number | null;
    reject: number | null;
    discard: number | null;
  }

  /** A session, as its own page sees it. */
  interface SessionView {
    name: string;
    role: Role;
    /** What the role may do. */
    rights: Right[];
    /** The sites that they see, by name. */
    sites: string[];
    /** To be sent as X-CSRF-Token with everything that changes something. */
    csrf: string;
    /** RFC 3339; every use postpones it, up to a limit. */
    expires_at: string;
    /** Whether they must set up a second factor before anything else. */
    enrols: boolean;
    /** Whether they came by the team's provider, whose second factor counts. */
    provider: boolean;
    /** Seconds that a comment is on the screen before a key decides it. */
    look: number;
    /** By site; sites without any are left out. */
    house_rules: Record<string, HouseRuleView[]>;
    /** How they like the page. */
    preferences: Preferences;
  }

  /** Comments by what the live policy does with them, and of each kind what the rehearsed one would do. */
  interface Shift {
    approve: Counts;
    hold: Counts;
    reject: Counts;
  }

  /** Who wants to come in. */
  interface SignIn {
    name: string;
    password: string;
    /** Of the second factor, for who has one; or a recovery code. */
    code?: string;
  }

  /** A signal with what it means. `raised`: a yes-or-no signal that says yes. */
  interface SignalView {
    name: string;
    value: boolean | number | string;
    unit: string;
    meaning: string;
    raised: boolean;
  }

  /** How good a site's automatic decisions were. */
  interface SiteQuality {
    site: string;
    /** null: nothing was drawn in this time. */
    report: QualityReport | null;
  }

  /** A comment that a bulk decision left alone, and why: changed, erased, told, refused, or failed. */
  interface Skipped {
    id: string;
    why: string;
  }

  /** Put a held comment aside until a time within the next 90 days. */
  interface SnoozeInput {
    /** RFC 3339, with a time zone. */
    until: string;
    /** The revision that was looked at; when it has changed since, 409 says what won. */
    revision: number;
  }

  /** Where a comment stands. */
  type State = "approved" | "erased" | "flagged" | "pending" | "rejected";

  /** The numbers of one site, or of several together. */
  interface StatisticsView {
    /** The first day. */
    since: string;
    /** The last day: today, where that begins first. */
    until: string;
    /** One for each time zone of the sites. */
    midnights: Midnight[];
    sites: string[];
    /** Every day, oldest first. */
    days: DayCount[];
    totals: Totals;
    queues: Queue[];
    /** Moderators and platforms, busiest first. */
    people: By[];
    /** Model versions, newest first. */
    models: By[];
    /** Of what was held or rejected; most frequent first. */
    reasons: Why[];
  }

  /** What a browser's `PushSubscription` says of itself. */
  interface SubscriptionInput {
    /** The `endpoint` that the browser names. */
    endpoint: string;
    /** Its public key, base64url. */
    p256dh: string;
    /** Its secret, base64url. */
    auth: string;
    /** Only if this browser is told for you already. */
    renew?: boolean;
  }

  /** Everybody who works on a site that you see. */
  interface TeamView {
    items: PersonView[];
    /** What the team's own sign-in is called; null: there is none. */
    provider: string | null;
  }

  /** From which probability on a label holds, rejects, or rejects as blatant ("discard"). None: never. */
  interface Thresholds {
    hold?: number | null;
    reject?: number | null;
    discard?: number | null;
  }

  /** What stands at the end of a link. */
  interface TokenInput {
    token: string;
  }

  /** The days together. */
  interface Totals {
    arrived: number;
    machine: Outcomes;
    people: Outcomes;
    missed: number;
    false_alarm: number;
    /** Of what the machine judged, what it approved or rejected by itself. */
    automatic: number | null;
    /** Of what it approved or rejected, what a human contradicted since. */
    overturned: number | null;
  }

  /** A decision that can still be taken back: which revision it made, by whom, until when (then its call-back leaves). */
  interface Undo {
    revision: number;
    by: string;
    until: string;
    bulk: string;
  }

  /** Take a mark back. */
  interface UnmarkInput {
    site: string;
    digest: string;
  }

  /** A list with filters, under a name. */
  interface View {
    name: string;
    query: Query;
  }

  /** A moderator's views, in their order; putting them replaces all. */
  interface Views {
    items: View[];
  }

  /** How often a reason was given. */
  interface Why {
    code: string;
    /** `machine` or `human`. */
    by: string;
    outcome: Outcome;
    count: number;
  }

  /** One list of a policy: when an entry stands in one of the fields, it does what `then` says. A list of domains that approves does so only if every link of the comment leads to one of them. */
  interface WordList {
    /** Names it among the site's rules and lists, and in the reasons. */
    name: string;
    /** What it does. `discard` rejects as blatant; `tag` only tags. */
    then: "approve" | "discard" | "hold" | "reject" | "tag";
    /** The reason code that it gives, `rule` or `list` unless told. */
    code?: string | null;
    /** Tags for the comment. */
    tags?: string[];
    /** `live`; `shadow`: noted, without effect; `draft`: not looked at. */
    status?: "draft" | "live" | "shadow";
    /** The last day, in UTC, on which it counts. */
    expires?: string | null;
    /** Who answers for it. */
    owner?: string;
    /** What it is there for. */
    note?: string;
    /** Words, phrases (`*` stands for any letters), or domains. */
    entries: string[];
    /** What the entries are. */
    kind?: "domains" | "words";
    /** Where to look; content, author.name and author.url unless told. */
    fields?: ("content" | "author.name" | "author.url" | "author.role" | "author.user_agent" | "page.url" | "page.title" | "parent_text" | "kind" | "channel")[];
  }

  /** The events of the live stream, by name. */
  interface Events {
    hello: HelloEvent;
    comment: CommentEvent;
    claim: ClaimEvent;
    bulk: BulkView;
    bye: ByeEvent;
  }

  /** What GET answers, by the path. */
  type Get<Path extends string> =
    Path extends `/sites/${string}/policy/history` ? EditionPage :
    Path extends `/comments/${string}/colleagues` ? Colleagues :
    Path extends `/comments/${string}/explanation` ? ExplanationView :
    Path extends `/sites/${string}/policy` ? PolicyView :
    Path extends `/sites/${string}/promise` ? PromiseView :
    Path extends `/provider/answer` ? never :
    Path extends `/bulk/${string}` ? BulkView :
    Path extends `/campaigns/${string}` ? CampaignView :
    Path extends `/comments/${string}` ? Detail :
    Path extends `/account` ? AccountView :
    Path extends `/audit-log` ? AuditPage :
    Path extends `/authors` ? Marks :
    Path extends `/campaigns` ? Campaigns :
    Path extends `/comments` ? Page :
    Path extends `/counts` ? ListCounts :
    Path extends `/deliveries` ? DeliveryLog :
    Path extends `/events` ? null :
    Path extends `/facets` ? Facets :
    Path extends `/find` ? Found :
    Path extends `/provider` ? ProviderView :
    Path extends `/push` ? PushView :
    Path extends `/quality` ? QualityView :
    Path extends `/session` ? SessionView :
    Path extends `/statistics` ? StatisticsView :
    Path extends `/team` ? TeamView :
    Path extends `/views` ? Views :
    never;

  /** What POST answers, by the path. */
  type Post<Path extends string> =
    Path extends `/sites/${string}/policy/preview` ? PreviewView :
    Path extends `/sites/${string}/policy/restore` ? PolicyView :
    Path extends `/bulk/${string}/undo` ? BulkView :
    Path extends `/comments/${string}/audit` ? Changed | null :
    Path extends `/comments/${string}/claim` ? Claim :
    Path extends `/comments/${string}/decision` ? Changed :
    Path extends `/comments/${string}/erase` ? ErasedView :
    Path extends `/comments/${string}/escalate` ? Changed :
    Path extends `/comments/${string}/notes` ? NoteView :
    Path extends `/comments/${string}/return` ? Changed :
    Path extends `/comments/${string}/snooze` ? Changed :
    Path extends `/comments/${string}/undo` ? Changed :
    Path extends `/team/${string}/link` ? LinkView :
    Path extends `/account/recovery-codes` ? RecoveryView :
    Path extends `/account/second-factor` ? EnrolmentView :
    Path extends `/deliveries/replay` ? ReplayView :
    Path extends `/invitation/accept` ? AcceptedView :
    Path extends `/push/test` ? null :
    Path extends `/bulk` ? BulkPlan | BulkView :
    Path extends `/invitation` ? InvitationView :
    Path extends `/provider` ? GoView :
    Path extends `/session` ? SessionView :
    Path extends `/team` ? LinkView :
    never;

  /** What PUT answers, by the path. */
  type Put<Path extends string> =
    Path extends `/sites/${string}/policy` ? PolicyView :
    Path extends `/team/${string}/lock` ? PersonView :
    Path extends `/account/password` ? SessionView :
    Path extends `/account/preferences` ? Preferences :
    Path extends `/account/second-factor` ? RecoveryView :
    Path extends `/push/subscription` ? null :
    Path extends `/team/${string}` ? PersonView :
    Path extends `/authors` ? MarkView :
    Path extends `/views` ? Views :
    never;

  /** What DELETE answers, by the path. */
  type Delete<Path extends string> =
    Path extends `/comments/${string}/claim` ? null :
    Path extends `/team/${string}/sessions` ? null :
    Path extends `/account/second-factor` ? SessionView :
    Path extends `/push/subscription` ? null :
    Path extends `/team/${string}` ? null :
    Path extends `/authors` ? null :
    Path extends `/session` ? LeaveView | null :
    Path extends `/sessions` ? null :
    never;

  /** What POST is told, by the path. */
  type PostBody<Path extends string> =
    Path extends `/sites/${string}/policy/preview` ? PreviewInput :
    Path extends `/sites/${string}/policy/restore` ? RestoreInput :
    Path extends `/bulk/${string}/undo` ? undefined | Record<string, never> :
    Path extends `/comments/${string}/audit` ? AuditInput :
    Path extends `/comments/${string}/claim` ? undefined | Record<string, never> :
    Path extends `/comments/${string}/decision` ? DecisionInput :
    Path extends `/comments/${string}/erase` ? EraseInput :
    Path extends `/comments/${string}/escalate` ? EscalateInput :
    Path extends `/comments/${string}/notes` ? NoteInput :
    Path extends `/comments/${string}/return` ? RevisionInput :
    Path extends `/comments/${string}/snooze` ? SnoozeInput :
    Path extends `/comments/${string}/undo` ? RevisionInput :
    Path extends `/team/${string}/link` ? LinkInput :
    Path extends `/account/recovery-codes` ? ProofInput :
    Path extends `/account/second-factor` ? ProofInput :
    Path extends `/deliveries/replay` ? ReplayInput :
    Path extends `/invitation/accept` ? AcceptInput :
    Path extends `/push/test` ? undefined | Record<string, never> :
    Path extends `/bulk` ? BulkInput :
    Path extends `/invitation` ? TokenInput :
    Path extends `/provider` ? GoInput :
    Path extends `/session` ? SignIn :
    Path extends `/team` ? InviteInput :
    never;

  /** What PUT is told, by the path. */
  type PutBody<Path extends string> =
    Path extends `/sites/${string}/policy` ? PolicyInput :
    Path extends `/team/${string}/lock` ? LockInput :
    Path extends `/account/password` ? PasswordInput :
    Path extends `/account/preferences` ? PreferencesInput :
    Path extends `/account/second-factor` ? CodeInput :
    Path extends `/push/subscription` ? SubscriptionInput :
    Path extends `/team/${string}` ? AccessInput :
    Path extends `/authors` ? MarkInput :
    Path extends `/views` ? Views :
    never;

  /** What DELETE is told, by the path. */
  type DeleteBody<Path extends string> =
    Path extends `/comments/${string}/claim` ? undefined | Record<string, never> :
    Path extends `/team/${string}/sessions` ? undefined | Record<string, never> :
    Path extends `/account/second-factor` ? ProofInput :
    Path extends `/push/subscription` ? EndpointInput :
    Path extends `/team/${string}` ? undefined | Record<string, never> :
    Path extends `/authors` ? UnmarkInput :
    Path extends `/session` ? undefined | Record<string, never> :
    Path extends `/sessions` ? undefined | Record<string, never> :
    never;
}
