package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"modcti/engine"
	"modcti/events"
	"modcti/store"
)

// roster are the sections <queues>, <agents> and <tiers>: what the store begins with at the first start.
type roster struct {
	queues, agents, tiers entries
}

// entry is one element of a section: its rows in file order, repeated ones among them.
type entry []setting

type entries []entry

// add puts a row into the element that it belongs to. Rows of one element follow one another.
func (l *entries) add(row setting) {
	row.value = strings.TrimSpace(row.value)
	last := len(*l) - 1
	if last < 0 || (*l)[last][0].item != row.item {
		*l = append(*l, entry{row})
		return
	}
	(*l)[last] = append((*l)[last], row)
}

// row finds an attribute; one that is missing has the element's place.
func (e entry) row(name string) setting {
	for _, row := range e {
		if row.name == name {
			return row
		}
	}
	return setting{section: e[0].section, name: name, line: e[0].line, item: e[0].item}
}

// field is one parameter of an element of T. parse reports false when the value is not what allowed describes.
type field[T any] struct {
	name    string
	many    bool // may be given several times
	allowed string
	parse   func(draft *T, value string) bool
}

// parseEntry takes all rows of an element.
func parseEntry[T any](draft *T, e entry, fields []field[T]) error {
	given := map[string]bool{}
	for _, row := range e {
		at := slices.IndexFunc(fields, func(f field[T]) bool { return f.name == row.name })
		if at < 0 {
			names := make([]string, 0, len(fields))
			for _, f := range fields {
				names = append(names, f.name)
			}
			return &settingError{row, "the parameter is unknown; the parameters are " + strings.Join(names, ", ")}
		}
		f := &fields[at]
		if given[f.name] && !f.many {
			return &settingError{row, "it was given before; remove one"}
		}
		given[f.name] = true
		if !f.parse(draft, row.value) {
			return wrong(row, "%s", f.allowed)
		}
	}
	return nil
}

// directory makes the directory of the sections.
func (r *roster) directory() (*store.Directory, error) {
	d := &store.Directory{}
	agents := map[string]string{} // uuid by the name that tiers use
	ids := map[string]bool{}
	for _, e := range r.agents {
		draft := newAgentDraft()
		if err := parseEntry(&draft, e, agentFields); err != nil {
			return nil, err
		}
		if err := draft.complete(e); err != nil {
			return nil, err
		}
		a := draft.AgentConfig
		if _, twice := agents[draft.key]; twice || ids[a.UUID] || a.ID != "" && ids["id "+a.ID] {
			return nil, &settingError{e.row("name"), "another agent has the same name, id or uuid; remove one"}
		}
		agents[draft.key], ids[a.UUID], ids["id "+a.ID] = a.UUID, true, true
		d.Agents = append(d.Agents, a)
	}
	if err := r.addQueues(d); err != nil {
		return nil, err
	}
	return d, r.addTiers(d, agents)
}

func (r *roster) addQueues(d *store.Directory) error {
	for _, e := range r.queues {
		var draft queueDraft
		if err := parseEntry(&draft, e, queueFields); err != nil {
			return err
		}
		if err := draft.complete(e); err != nil {
			return err
		}
		if hasQueue(d, draft.ID) {
			return &settingError{e.row("name"), "another queue has the same name; remove one"}
		}
		d.Queues = append(d.Queues, draft.Queue)
	}
	return nil
}

func hasQueue(d *store.Directory, id string) bool {
	return slices.ContainsFunc(d.Queues, func(q store.Queue) bool { return q.ID == id })
}

type tierDraft struct {
	engine.TierConfig
	agent string
}

var tierFields = []field[tierDraft]{
	{"agent", false, "the name of an agent", func(t *tierDraft, v string) bool { t.agent = v; return v != "" }},
	{"queue", false, "the name of a queue", func(t *tierDraft, v string) bool { t.QueueID = v; return v != "" }},
	{"level", false, fmt.Sprintf("a level from 1 (asked first) to %d", engine.LevelMax), func(t *tierDraft, v string) bool {
		return count(&t.Level, v, 1, engine.LevelMax)
	}},
	{"position", false, "a whole number from 1 to 100000", func(t *tierDraft, v string) bool {
		return count(&t.Position, v, 1, 100_000)
	}},
}

func (r *roster) addTiers(d *store.Directory, agents map[string]string) error {
	type place struct{ agent, queue string }
	given := map[place]bool{}
	for _, e := range r.tiers {
		draft := tierDraft{TierConfig: engine.TierConfig{Level: 1, Position: 1}} // as callcenter.conf.xml has it
		if err := parseEntry(&draft, e, tierFields); err != nil {
			return err
		}
		uuid, known := agents[draft.agent]
		if !known {
			return wrong(e.row("agent"), "the name of an agent of <agents>")
		}
		if !hasQueue(d, draft.QueueID) {
			return wrong(e.row("queue"), "the name of a queue of <queues>")
		}
		draft.AgentUUID = uuid
		if at := (place{uuid, draft.QueueID}); given[at] {
			return &settingError{e.row("agent"), "the agent has a place in this queue already; remove one"}
		} else {
			given[at] = true
		}
		d.Tiers = append(d.Tiers, draft.TierConfig)
	}
	return nil
}

// agentDraft is an agent while his element is read.
type agentDraft struct {
	engine.AgentConfig
	key         string // what tiers call him
	missedGiven bool
}

func newAgentDraft() agentDraft {
	return agentDraft{AgentConfig: engine.AgentConfig{WrapUpMillis: -1, RingMillis: -1}}
}

const (
	secondsAllowed = "a whole number of seconds from 0 to 86400"
	boolAllowed    = "true or false"
	policyAllowed  = "none, not-ready or logout"
	soundAllowed   = "a sound file or stream, such as ivr/ivr-hold_connect_call.wav or local_stream://moh; of streams local_stream, " +
		"tone_stream and silence_stream"
)

var agentFields = []field[agentDraft]{
	{"name", false, "the agent's name for <tiers>: 1 to 64 letters, digits or @._+*#:-", func(a *agentDraft, v string) bool {
		a.key = v
		return store.IsID(v)
	}},
	{"type", false, "callback, or nailed-up for a phone that stays connected between calls", func(a *agentDraft, v string) bool {
		return choice(&a.NailedUp, v, "nailed-up", "callback")
	}},
	{"contact", false, "one phone, such as user/1001@$${domain} or [leg_timeout=15]user/1001, or a number",
		func(a *agentDraft, v string) bool { return takeContact(&a.AgentConfig, v) == nil }},
	{"status", false, "Available (he is logged in at the start) or Logged Out", func(a *agentDraft, v string) bool {
		return choice(&a.LoginAtStart, v, "Available", "Logged Out")
	}},
	{"max-no-answer", false, "a whole number from 0 (never) to 1000", func(a *agentDraft, v string) bool {
		return count(&a.MissedMax, v, 0, 1000)
	}},
	{"no-answer-policy", false, policyAllowed, func(a *agentDraft, v string) bool {
		a.missedGiven = true
		return policy(&a.MissedPolicy, v)
	}},
	{"no-answer-overflow", false, targetsAllowed, func(a *agentDraft, v string) bool { return targets(&a.MissedOverflow, v) }},
	{"reject-policy", false, policyAllowed, func(a *agentDraft, v string) bool { return policy(&a.RejectPolicy, v) }},
	{"busy-policy", false, policyAllowed, func(a *agentDraft, v string) bool { return policy(&a.BusyPolicy, v) }},
	{"unreachable-policy", false, policyAllowed, func(a *agentDraft, v string) bool { return policy(&a.UnreachedPolicy, v) }},
	{"direct-policy", false, policyAllowed, func(a *agentDraft, v string) bool { return policy(&a.DirectPolicy, v) }},
	{"wrap-up-time", false, secondsAllowed + ", or untimed", func(a *agentDraft, v string) bool {
		a.WrapUpUntimed = v == "untimed"
		return a.WrapUpUntimed || seconds(&a.WrapUpMillis, v)
	}},
	{"manual-wrap-up", false, "a whole number of seconds from 1 to 86400, or untimed", func(a *agentDraft, v string) bool {
		if v == "untimed" {
			a.ManualMillis = -1
			return true
		}
		return seconds(&a.ManualMillis, v) && a.ManualMillis > 0
	}},
	{"manual-wrap-up-then", false, "ready or earlier", func(a *agentDraft, v string) bool {
		return choice(&a.ManualToReady, v, "ready", "earlier")
	}},
	{"ring-time", false, "a whole number of seconds from 1 to 86400", func(a *agentDraft, v string) bool {
		return seconds(&a.RingMillis, v) && a.RingMillis > 0
	}},
	{"reject-delay-time", false, secondsAllowed, func(a *agentDraft, v string) bool { return seconds(&a.AfterReject, v) }},
	{"busy-delay-time", false, secondsAllowed, func(a *agentDraft, v string) bool { return seconds(&a.AfterBusy, v) }},
	{"no-answer-delay-time", false, secondsAllowed, func(a *agentDraft, v string) bool { return seconds(&a.AfterMissed, v) }},
	{"unreachable-delay-time", false, secondsAllowed, func(a *agentDraft, v string) bool {
		return seconds(&a.AfterUnreached, v)
	}},
	{"uuid", false, "1 to 64 letters, digits or @._+*#:-", func(a *agentDraft, v string) bool { a.UUID = v; return store.IsID(v) }},
	{"id", false, "his work number: 1 to 64 letters, digits or @._+*#:-", func(a *agentDraft, v string) bool {
		a.ID = v
		return store.IsID(v)
	}},
	{"full-name", false, "a name of at most 1024 bytes", func(a *agentDraft, v string) bool {
		a.Name = v
		return len(v) <= textBytesMax
	}},
	{"mobile", false, "a number: at most 32 digits, A to D, * or #, with or without a + before them", func(a *agentDraft, v string) bool {
		a.Mobile = v
		return v == "" || events.IsNumber(v)
	}},
	{"mobile-accept", false, "never, offline or always", func(a *agentDraft, v string) (known bool) {
		a.MobileAccept, known = store.MobileAcceptWords.Find(v)
		return known
	}},
	{"max-calls", false, "a whole number from 1 to 100", func(a *agentDraft, v string) bool { return count(&a.MaxCalls, v, 1, 100) }},
	{"idle-logout-time", false, secondsAllowed, func(a *agentDraft, v string) bool { return seconds(&a.IdleLogout, v) }},
	{"device-lost", false, "stay, or logout: when his phone is not registered any more", func(a *agentDraft, v string) (known bool) {
		a.DeviceLost, known = store.DevicePolicyWords.Find(v)
		return known
	}},
	{"duplicate-login", false, "refuse, or replace: log out who is logged in at the number", func(a *agentDraft, v string) (known bool) {
		a.DuplicatePolicy, known = store.DuplicatePolicyWords.Find(v)
		return known
	}},
}

// complete derives what the element left out. An agent's uuid is made of his name, so that it is the same each time.
func (a *agentDraft) complete(e entry) error {
	if a.key == "" {
		return wrong(e.row("name"), "%s", agentFields[0].allowed)
	}
	if a.UUID == "" {
		a.UUID = uuidOf(a.key)
	}
	if a.ID == "" && a.UUID != a.key {
		a.ID = a.key
	}
	if a.Name == "" {
		a.Name = a.key
	}
	if !a.missedGiven && a.MissedMax > 0 {
		a.MissedPolicy = engine.MissedNotReady
	}
	if err := store.CheckAgent(&a.AgentConfig); err != nil {
		return &settingError{e.row("name"), err.Error()}
	}
	return nil
}

var uuidPattern = regexp.MustCompile(`^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$`)

// uuidOf is the uuid of an agent of that name: the name itself where it is one already (some programs name them so).
func uuidOf(name string) string {
	if uuidPattern.MatchString(name) {
		return name
	}
	sum := sha256.Sum256([]byte("agent " + name))
	return hex.EncodeToString(sum[:16])
}

var (
	contactVariables = regexp.MustCompile(`^(?:\{[^{}]*\}|\[[^\[\]]*\]|<[^<>]*>)+`)
	contactTimeout   = regexp.MustCompile(`(?:leg_timeout|originate_timeout|call_timeout)=(\d{1,5})\b`)
	contactUser      = regexp.MustCompile(`^(?:user|loopback|verto\.rtc)/([^/@]+)(?:[@/].*)?$`)
	contactPhone     = regexp.MustCompile(`^sofia/[^/]+/(?:sip:)?([^/@%;]+)[@%].+$`)
	contactGateway   = regexp.MustCompile(`^sofia/gateway/[^/]+/([^/@%;]+)(?:[@;].*)?$`)
)

// takeContact reads the dial string of one phone: the number there, and how long it may ring. What lies behind a gateway
// is the agent's mobile or PSTN phone.
func takeContact(a *engine.AgentConfig, contact string) error {
	address := contactVariables.ReplaceAllString(contact, "")
	if found := contactTimeout.FindStringSubmatch(contact[:len(contact)-len(address)]); found != nil {
		n, _ := strconv.ParseInt(found[1], 10, 64)
		a.RingMillis = n * 1000
	}
	if strings.ContainsAny(address, ",|") || strings.Contains(address, ":_:") {
		return fmt.Errorf("%q is more than one phone", contact)
	}
	if found := contactGateway.FindStringSubmatch(address); found != nil {
		if !events.IsNumber(found[1]) {
			return fmt.Errorf("%q leads to no number", contact)
		}
		a.Mobile, a.MobileAccept = found[1], engine.MobileAlways
		return nil
	}
	dn := address
	for _, pattern := range []*regexp.Regexp{contactUser, contactPhone} {
		if found := pattern.FindStringSubmatch(address); found != nil {
			dn = found[1]
			break
		}
	}
	if dn == "" || !store.IsDN(dn) {
		return fmt.Errorf("%q is no phone that is understood", contact)
	}
	a.DN = dn
	return nil
}

func policy(to *engine.MissedPolicy, value string) (known bool) {
	*to, known = store.MissedPolicyWords.Find(value)
	return known
}

func seconds(to *int64, value string) bool {
	var n int64
	good := number(&n, value, 0, 86400)
	*to = n * 1000
	return good
}

func count(to *int, value string, least, most int64) bool {
	var n int64
	good := number(&n, value, least, most)
	*to = int(n)
	return good
}
