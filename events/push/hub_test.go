package push

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine"
	"modcti/events"
)

// Every message of the catalogue has a bit of its own in an interest.
func TestHub_CatalogueFits(t *testing.T) {
	require.LessOrEqual(t, len(events.Catalogue), 63)
	all := interest(0)
	for name, l := range listings {
		require.NotZero(t, l.bit, name)
		require.Zero(t, all&l.bit, name)
		all |= l.bit
	}
}

// Protocol 3: an event goes to those who registered one of its numbers, and to no other.
func TestHub_Registration(t *testing.T) {
	b := newBench(t, nil)
	one, two, both, none := b.opened(), b.opened(), b.opened(), b.opened()
	one.register(b, "1001")
	two.register(b, "1002")
	both.register(b, "1001")
	both.register(b, "1002")
	out := b.held("c1", "1001")
	out.DNs = []string{"1001", "1002"}
	b.publish(out, b.held("c2", "1002"))
	require.Equal(t, "c1", one.want("EventHeld")["callID"])
	require.Equal(t, "c1", two.want("EventHeld")["callID"])
	require.Equal(t, "c2", two.want("EventHeld")["callID"])
	require.Equal(t, "c1", both.want("EventHeld")["callID"], "once, though both numbers are registered")
	require.Equal(t, "c2", both.want("EventHeld")["callID"])
	for _, c := range []*testClient{one, two, both, none} {
		c.quiet()
	}
	both.send("RequestUnregisterDN", "thisDN", "1002")
	b.serve()
	require.Equal(t, "1002", both.want("EventUnregistered")["thisDN"])
	b.publish(b.held("c3", "1002"))
	both.quiet()
	two.want("EventHeld")
	require.Equal(t, []string{"1001"}, b.server.Clients()[2].DNs)
}

// Requests may follow one another without waiting: what is about to be registered can be unregistered.
func TestHub_PipelinedRequests(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.send("RequestRegisterDN", "thisDN", "1001")
	c.send("RequestUnregisterDN", "thisDN", "1001")
	b.serve()
	b.serve()
	c.want("EventRegistered")
	c.want("EventUnregistered")
	b.publish(b.held("c", "1001"))
	c.quiet()
}

// Protocol 3: EventUnregistered also comes unasked when the number is removed; the events end with it.
func TestHub_UnregisteredUnasked(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.register(b, "1001")
	id := b.server.Clients()[0].ID
	m := &events.Unregistered{Header: b.header(), ThisDN: "1001", Reason: "removed"}
	b.publish(engine.Outgoing{To: id, Message: m}, b.held("c1", "1001"))
	require.Equal(t, "removed", c.want("EventUnregistered")["reason"])
	c.quiet()
}

// Protocol 3: the scopes of RequestSubscribe.
func TestHub_Scopes(t *testing.T) {
	b := newBench(t, nil)
	ringing := func(callID, queue string) engine.Outgoing {
		m := &events.Ringing{Header: b.header(), ThisQueue: queue}
		m.CallID, m.ThisDN = callID, "1001"
		return engine.Outgoing{Message: m, CallID: callID, DNs: []string{"1001"}, Queues: strings.Fields(queue)}
	}
	login := func(uuid string) engine.Outgoing {
		m := &events.AgentLogin{Header: b.header()}
		m.AgentUUID, m.ThisQueues, m.ThisDN = uuid, []string{"8001"}, "1009"
		return engine.Outgoing{Message: m, DNs: []string{"1009"}, Queues: m.ThisQueues, AgentUUID: uuid}
	}
	type row struct {
		scope string
		ids   []string
		want  []string // of the events published below
	}
	rows := []row{
		{"company", nil, []string{"c1", "c2", "c3", "u1"}},
		{"call", []string{"c2"}, []string{"c2"}},
		{"agent", []string{"1001"}, []string{"c1", "c2", "c3"}},
		{"agent", []string{"u1"}, []string{"u1"}},
		{"agent", []string{"1009"}, []string{"u1"}},
		{"agent", []string{"u1", "1009", "1001"}, []string{"c1", "c2", "c3", "u1"}},
		{"agent", []string{"8001", "u2", "c1"}, nil},
		{"queue", []string{"8001"}, []string{"c1", "u1"}},
		{"queue", []string{"8001", "8002"}, []string{"c1", "c2", "u1"}},
		{"queue", []string{"1001", "u1"}, nil},
	}
	clients := make([]*testClient, len(rows))
	for i, r := range rows {
		clients[i] = b.opened()
		m := clients[i].subscribe(b, r.scope, "ids", r.ids)
		require.Equal(t, r.scope, m["scope"])
	}
	b.publish(ringing("c1", "8001"), ringing("c2", "8002"), ringing("c3", ""), login("u1"))
	for i, r := range rows {
		for _, want := range r.want {
			m := clients[i].next()
			require.Contains(t, []any{m["callID"], m["agentUUID"]}, want, "%v", r)
		}
		clients[i].quiet()
		clients[i].send("RequestUnsubscribe", "scope", r.scope, "ids", r.ids)
		b.serve()
		clients[i].want("EventUnsubscribed")
	}
	b.publish(ringing("c1", "8001"), login("u1"))
	for _, c := range clients {
		c.quiet()
	}
	require.Empty(t, b.server.hub.index)
	require.Equal(t, [scopes]int{}, b.server.hub.used)
}

// Protocol 3: RequestUnsubscribe without ids ends the whole scope, and leaves registrations alone.
func TestHub_UnsubscribeScope(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.register(b, "1001")
	c.subscribe(b, "call", "ids", []string{"c1", "c2"})
	c.send("RequestUnsubscribe", "scope", "call")
	b.serve()
	c.want("EventUnsubscribed")
	b.publish(b.held("c1", "1005"), b.held("c2", "1001"))
	require.Equal(t, "c2", c.want("EventHeld")["callID"])
	c.quiet()
}

// A subscription to a call ends with the call.
func TestHub_CallSubscriptionEnds(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.subscribe(b, "call", "ids", []string{"c1"})
	m := &events.CallDeleted{Header: b.header(), CallID: "c1"}
	b.publish(engine.Outgoing{Message: m, CallID: "c1", DNs: []string{"1001"}})
	c.want("EventCallDeleted")
	require.Empty(t, b.server.hub.index)
	require.Zero(t, b.server.Clients()[0].Topics)
}

// Protocol 3: `messages` names the messages to keep; answers come in any case. A later subscription takes its place.
func TestHub_MessageFilter(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.subscribe(b, "company", "messages", []string{"EventRetrieved", "EventMuted"})
	retrieved := func() engine.Outgoing {
		return engine.Outgoing{Message: &events.Retrieved{Header: b.header()}, DNs: []string{"1001"}}
	}
	b.publish(b.held("c1", "1001"), retrieved())
	c.want("EventRetrieved")
	c.quiet()
	c.register(b, "1001")
	b.publish(b.held("c1", "1001"))
	c.want("EventHeld") // the registration has no filter
	c.subscribe(b, "company", "messages", []string{"EventHeld"})
	c.send("RequestUnregisterDN", "thisDN", "1001")
	b.serve()
	c.want("EventUnregistered")
	b.publish(b.held("c1", "1001"), retrieved())
	c.want("EventHeld")
	c.quiet()
}

// Protocol 2: two profiles are two shapes of one event; the other company's events reach nobody here.
func TestHub_ProfilesAndCompanies(t *testing.T) {
	b := newBench(t, nil)
	basic, full := b.opened(), b.opened("profile", "full")
	basic.subscribe(b, "company")
	full.subscribe(b, "company")
	released := &events.Released{Header: b.header(), HangupSide: "agent"}
	foreign := &events.Released{Header: b.header()}
	foreign.CompanyID = "another"
	dns := []string{"1001"}
	b.publish(engine.Outgoing{Message: foreign, DNs: dns}, engine.Outgoing{Message: released, DNs: dns})
	m := basic.want("EventReleased")
	require.NotContains(t, m, "hangupSide")
	require.Equal(t, company, m["companyId"])
	require.Equal(t, "agent", full.want("EventReleased")["hangupSide"])
	basic.quiet()
	full.quiet()
}

// fullOnly is an event that call-events.txt does not have.
type fullOnly struct{ events.Held }

func (*fullOnly) Name() string { return "EventOfTheFullProfile" }
func (*fullOnly) AppendJSON(dst []byte, _ events.Profile) []byte {
	return append(dst, `{"messageID":"EventOfTheFullProfile","seq":1,"referenceID":0}`...)
}

// Protocol 2: basic is the events of call-events.txt and nothing else; the tap, being basic, does not see others.
func TestHub_FullOnlyEvents(t *testing.T) {
	tapped := 0
	b := newBench(t, func(c *Config) { c.Tap = func(*engine.Outgoing, []byte) { tapped++ } })
	listings["EventOfTheFullProfile"] = listing{bit: 1 << 62}
	defer delete(listings, "EventOfTheFullProfile")
	basic, full := b.opened(), b.opened("profile", "full")
	basic.subscribe(b, "company")
	full.subscribe(b, "company")
	m := &fullOnly{}
	m.Header = b.header()
	b.publish(engine.Outgoing{Message: m, DNs: []string{"1001"}})
	full.want("EventOfTheFullProfile")
	full.quiet()
	basic.quiet()
	require.Zero(t, tapped)
}

// 3.0-5, R23: only the client that asked sees its referenceID; all others, and the tap, see 0.
func TestHub_ReferenceIsTheAskers(t *testing.T) {
	var tapped []message
	b := newBench(t, func(c *Config) {
		c.Tap = func(out *engine.Outgoing, basicJSON []byte) {
			require.Equal(t, "c1", out.CallID)
			require.NotContains(t, string(basicJSON), "\n")
			tapped = append(tapped, decode(t, string(basicJSON)))
		}
	})
	asker, other, full := b.opened(), b.opened(), b.opened("profile", "full")
	for _, c := range []*testClient{asker, other, full} {
		c.register(b, "1001")
	}
	out := b.held("c1", "1001")
	out.Message.Common().ReferenceID = 77
	out.Asker = b.server.Clients()[0].ID
	b.publish(out)
	require.EqualValues(t, 77, asker.want("EventHeld").integer("referenceID"))
	require.EqualValues(t, 0, other.want("EventHeld").integer("referenceID"))
	require.EqualValues(t, 0, full.want("EventHeld").integer("referenceID"))
	require.EqualValues(t, 77, out.Message.Common().ReferenceID, "the message is as it was")
	require.Len(t, tapped, 1)
	require.EqualValues(t, 0, tapped[0].integer("referenceID"))
	require.Equal(t, "c1", tapped[0]["callID"])
}

// counted counts how often an event is encoded.
type counted struct {
	events.Held
	made [events.Profiles]int
}

func (c *counted) AppendJSON(dst []byte, p events.Profile) []byte {
	c.made[p]++
	return c.Held.AppendJSON(dst, p)
}

// Protocol 2: the bytes of an event are the same for every client of a profile, encoded once.
func TestHub_EncodedOnce(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Tap = func(*engine.Outgoing, []byte) {} })
	var clients []*testClient
	for i := range 12 {
		c := b.opened("profile", []string{"basic", "full"}[i%2], "epochUnit", []string{"ms", "us", "us"}[i%3])
		c.register(b, "1001")
		clients = append(clients, c)
	}
	m := &counted{Held: events.Held{Header: b.header()}}
	m.ReferenceID = 5
	b.publish(engine.Outgoing{Message: m, DNs: []string{"1001"}, Asker: b.server.Clients()[3].ID})
	require.Equal(t, [events.Profiles]int{1, 1, 1, 1}, m.made)
	lines := map[string]int{}
	for _, c := range clients {
		line, _ := c.line()
		lines[line]++
	}
	require.Len(t, lines, 3, "two units (Held has one shape), and the asker's")
	m = &counted{Held: events.Held{Header: b.header()}}
	b.publish(engine.Outgoing{Message: m, DNs: []string{"1999"}})
	require.Equal(t, [events.Profiles]int{1, 0}, m.made, "only for the tap")
}

// R16: a client that opens with epochUnit us reads moments in Unix µs, in both profiles; all others in ms.
func TestHub_EpochUnit(t *testing.T) {
	b := newBench(t, nil)
	for _, profile := range []string{"basic", "full"} {
		for unit, want := range map[string][]int64{
			"ms": {1637128416617, 1637128300123, 1637128416617},
			"us": {1637128416617890, 1637128300123456, 1637128416617890},
		} {
			c := b.pipe()
			opened := c.open("profile", profile, "epochUnit", unit)
			require.Equal(t, unit, opened["epochUnit"])
			require.Equal(t, profile, opened["profile"])
			digits := map[string]int{"ms": 13, "us": 16}[unit]
			require.Len(t, fmt.Sprint(opened["creationTime"]), digits, "what the door makes itself")
			c.subscribe(b, "company")
			header := b.header()
			header.CreationTime = 1637128416617890
			b.publish(engine.Outgoing{DNs: []string{"1001"}, Message: &events.Released{
				Header: header, StartUepoch: 1637128300123456, EndUepoch: 1637128416617890,
			}})
			m := c.want("EventReleased")
			for i, key := range []string{"creationTime", "startUepoch", "endUepoch"} {
				require.EqualValues(t, fmt.Sprint(want[i]), m[key], key)
			}
			require.EqualValues(t, "0", m["lastHoldUepoch"], "R17: it never happened")
		}
	}
	c := b.opened()
	c.subscribe(b, "company")
	b.publish(engine.Outgoing{DNs: []string{"1001"}, Message: &events.Released{Header: b.header()}})
	require.EqualValues(t, "1637128329720", c.want("EventReleased")["creationTime"], "ms where nothing is said")
}

// Protocol 7: what a principal of two numbers hears of the company, and what it may read of calls.
func TestHub_Rights(t *testing.T) {
	b := newBench(t, nil)
	low := b.opened("token", lowSecret)
	low.send("RequestSubscribe", "scope", "company")
	mine := events.CallSnapshot{CallID: "mine", Parties: []events.PartyInfo{{ThisDN: "1005"}, {ThisDN: "1001"}}}
	theirs := events.CallSnapshot{CallID: "theirs", Parties: []events.PartyInfo{{ThisDN: "1005"}, {ThisDN: "1006"}}}
	r := b.request()
	answer := &events.Subscribed{Header: b.now(r), Scope: "company", Snapshot: []events.CallSnapshot{theirs, mine}}
	b.publish(engine.Outgoing{To: r.Client, Message: answer}, b.held("theirs", "1005"), b.held("mine", "1001"))
	snapshot := low.want("EventSubscribed")["snapshot"].([]any)
	require.Len(t, snapshot, 1)
	require.Equal(t, "mine", snapshot[0].(map[string]any)["callID"])
	require.Len(t, answer.Snapshot, 2, "the engine's message is as it was")
	require.Equal(t, "mine", low.want("EventHeld")["callID"])
	low.quiet()

	low.send("RequestQueryCall", "callID", "x", "thisDN", "1001", "referenceID", 4)
	r = b.request()
	b.publish(engine.Outgoing{To: r.Client, Message: &events.CallInfo{
		Header: b.now(r), CallID: "x", ThisDN: "1001", Parties: theirs.Parties,
	}})
	forbidden, _ := low.line()
	low.send("RequestQueryCall", "callID", "x", "thisDN", "1001", "referenceID", 4)
	r = b.request()
	b.publish(engine.Outgoing{To: r.Client, Message: &events.PartyError{
		Header: b.now(r), CallID: "x", ThisDN: "1001", ErrorCode: int64(events.NotFoundCallID),
		ErrorMessage: "NotFoundCallID", Request: "RequestQueryCall", Detail: "as the engine says it",
	}})
	unknown, _ := low.line()
	require.Equal(t, unknown, forbidden, "the same answer for unknown and forbidden")
	low.send("RequestQueryCall", "callID", "mine", "thisDN", "1001")
	b.serve()
	low.want("EventCallInfo")
	low.send("RequestQueryCall", "callID", "mobile", "thisDN", "1001")
	r = b.request()
	b.publish(engine.Outgoing{To: r.Client, Message: &events.CallInfo{Header: b.now(r), CallID: "mobile", ThisDN: "1001",
		Parties: []events.PartyInfo{{ThisDN: "1005"}, {ThisDN: "13800001111", AgentDN: "1001"}}}})
	require.Equal(t, "mobile", low.want("EventCallInfo")["callID"], "R56: his agent's call, on the agent's mobile")
	low.send("RequestQueryCall", "callID", "mine", "thisDN", "1005")
	low.refused(events.RegisterDNNotMatch)
}

// Protocol 2 and 3: with requests and events at once, over a socket: every number that the stream owes after the answer
// is there, in order, and none that was before it.
func TestHub_SnapshotMeetsStream(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(shortDir(t), "s")
	b := newBench(t, func(c *Config) { c.UnixPath, c.RequestsPerSecond = path, 100_000 })
	const clients, rounds = 8, 12
	stop, done, wanted := make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)
	go func() { // the loop
		defer close(done)
		for {
			select {
			case r := <-b.posted:
				b.answer(r)
			case <-stop:
				return
			case <-wanted:
				batch := make([]engine.Outgoing, 1+random.IntN(3))
				for i := range batch {
					batch[i] = b.held("c", "1001")
				}
				b.server.Publish(batch)
			}
		}
	}()
	var wg sync.WaitGroup
	for range clients {
		c := newTestClient(t, dial(t, "unix", path))
		c.open()
		wg.Go(func() { registerAgainAndAgain(c, rounds, wanted) })
	}
	wg.Wait()
	close(stop)
	<-done
}

// registerAgainAndAgain checks that between EventRegistered and EventUnregistered every number comes, and else none.
// It asks for events while it wants some, so that the stream is never far ahead of those who read it.
func registerAgainAndAgain(c *testClient, rounds int, wanted chan<- struct{}) {
	var last uint64
	registered := false
	for range rounds {
		c.send("RequestRegisterDN", "thisDN", "1001")
		for got := 0; got < 20; {
			select {
			case wanted <- struct{}{}:
			default:
			}
			m := c.next()
			switch m.name() {
			case "EventRegistered":
				require.GreaterOrEqual(c.t, m.seq(), last)
				registered = true
			case "EventHeld":
				require.True(c.t, registered)
				require.Equal(c.t, last+1, m.seq(), "no hole, no repeat")
				got++
			default:
				require.Fail(c.t, "unexpected", "%v", m)
			}
			last = m.seq()
		}
		c.send("RequestUnregisterDN", "thisDN", "1001")
		for registered {
			m := c.next()
			registered = m.name() != "EventUnregistered"
			if registered {
				require.Equal(c.t, last+1, m.seq())
			} else {
				require.Equal(c.t, last, m.seq(), "the answer carries the number of the last event")
			}
			last = m.seq()
		}
	}
}

// Numbers never fall on one connection, whoever made the message, and lastSeq is that of the last event sent.
func TestHub_NumbersGrow(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 100_000 })
	c := b.opened()
	c.register(b, "1001")
	var done sync.WaitGroup
	done.Go(func() {
		for i := range 500 {
			b.publish(b.held("c", []string{"1001", "1002"}[i%2]), b.held("c", "1001"))
		}
	})
	for range 100 {
		c.send("RequestHeartbeat")
	}
	var last, lastEvent uint64
	for range 100 + 750 {
		m := c.next()
		require.GreaterOrEqual(t, m.seq(), last)
		last = m.seq()
		if m.name() == "EventHeld" {
			lastEvent = m.seq()
		} else if lastEvent > 0 {
			require.Equal(t, lastEvent, m.integer("lastSeq"), "a client can see that it has no hole")
		}
	}
	done.Wait()
	require.Equal(t, b.seq, c.quiet().seq())
}

// meanwhile runs something while the event that it is is being published.
type meanwhile struct {
	events.Held
	run func()
}

func (m *meanwhile) AppendJSON(dst []byte, p events.Profile) []byte {
	m.run()
	return m.Held.AppendJSON(dst, p)
}

// A message that the door makes in the middle of a batch carries no smaller number than the event before it, and
// none whose event this client is still to be sent.
func TestHub_NumberInTheMiddleOfABatch(t *testing.T) {
	b := newBench(t, nil)
	c := b.opened()
	c.register(b, "1001")
	first := b.held("c", "1001")
	second := &meanwhile{Held: events.Held{Header: b.header()}, run: func() {
		c.send("RequestHeartbeat")
		require.Equal(t, startSeq+1, c.want("EventHeld").seq())
		m := c.want("EventHeartbeat")
		require.Equal(t, startSeq+1, m.seq())
		require.Equal(t, startSeq+1, m.integer("lastSeq"))
	}}
	b.publish(first, engine.Outgoing{Message: second, DNs: []string{"1001"}})
	require.Equal(t, startSeq+2, c.want("EventHeld").seq())
}

// Protocol 3: nothing from before the connection is kept: resuming tells a gap unless nothing has happened since.
func TestHub_Resume(t *testing.T) {
	b := newBench(t, nil)
	require.Equal(t, false, b.opens("resumeFrom", startSeq)["gap"])
	b.publish(b.held("c", "1001"))
	require.Equal(t, true, b.opens("resumeFrom", startSeq)["gap"])
	require.Equal(t, false, b.opens("resumeFrom", startSeq+1)["gap"])
	require.Equal(t, true, b.opens("resumeFrom", uint64(1)<<52)["gap"])
}

// opens connects, opens and returns the answer.
func (b *bench) opens(fields ...any) message { return b.pipe().open(fields...) }

// Publish with no client, and for a client that is gone, reaches nobody and harms nothing.
func TestHub_Nobody(t *testing.T) {
	b := newBench(t, nil)
	late := &events.Registered{Header: b.header(), ThisDN: "1001"}
	b.publish(b.held("c", "1001"), engine.Outgoing{To: 99, Message: late})
	require.EqualValues(t, 1, b.server.Stats().Published)
	c := b.opened()
	require.Equal(t, b.seq, c.quiet().seq())
}

// A steady stream allocates nothing in the goroutine that publishes.
func TestHub_PublishAllocatesNothing(t *testing.T) {
	b := newBench(t, func(c *Config) { c.QueueBytes = 1 << 30 })
	c := b.opened()
	c.register(b, "1001")
	out := []engine.Outgoing{b.held("c1", "1001")}
	require.Zero(t, testing.AllocsPerRun(1000, func() { b.server.deliver(out) }))
}

// A client has a bounded number of registrations and subscriptions.
func TestHub_SubscriptionsAreBounded(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RequestsPerSecond = 100_000 })
	c := b.opened()
	ids := make([]string, idsMax)
	for i := range subscriptionsMax / idsMax {
		for j := range ids {
			ids[j] = fmt.Sprintf("%d-%d", i, j)
		}
		c.subscribe(b, "call", "ids", ids)
	}
	c.send("RequestRegisterDN", "thisDN", "1001")
	require.Contains(t, c.refused(events.InvalidParams)["detail"], "16384")
	c.send("RequestUnsubscribe", "scope", "call")
	b.serve()
	c.want("EventUnsubscribed")
	c.register(b, "1001")
}
