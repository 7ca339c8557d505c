package fs_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// playProfile lets phones register without a password, and misses one that has not done so again within a second or two.
const playProfile = `<param name="accept-blind-reg" value="true"/>
<param name="registration-thread-frequency" value="1"/><param name="sip-expires-late-margin" value="0"/>`

// atOnce is how soon a phone is silent for which there is no reason to ring, on a machine that may be busy: it rang for
// much longer otherwise.
const atOnce = 5 * time.Second

// stage is a part of the call center with agents, queues and numbers of its own: what is played on one does not disturb
// another.
type stage struct {
	name    string
	phones  map[string]lab.Phone // whom the switch may call: each has a tone of its own
	callers []string             // and who calls
	queues  []string             // whose events the stage hears, beside those of phones and callers
	config  func(s *lab.Switch) roster
	plays   []scene
}

// roster is what a stage puts into cti.conf.xml: elements.
type roster struct{ queues, agents, tiers, rules, tokens string }

// agent adds an agent whose phone has his number, with more attributes, and his place in queues.
func (r *roster) agent(dn string, queues []string, more ...string) {
	r.agents += element("agent", append([]string{"name", dn, "uuid", "agent" + dn, "id", dn, "contact", dn}, more...)...)
	for _, queue := range queues {
		r.tiers += element("tier", "agent", dn, "queue", queue, "level", "1", "position", fmt.Sprint(1+strings.Count(r.tiers, "<tier")))
	}
}

// direct lets the dial plan reach numbers at the ports of their phones.
func (r *roster) direct(s *lab.Switch, numbers ...string) {
	for _, number := range numbers {
		r.rules += element("rule", "pattern", "^"+number+"$", "leg", fmt.Sprintf("sofia/internal/$0@127.0.0.1:%d", s.PhonePort(number)))
	}
}

// scene is one play.
type scene struct {
	name, proves string
	do           func(p *play)
}

// play is a scene while it is played. Its watcher hears of the stage's numbers, in the full profile, and of nothing else.
type play struct {
	*center
	home  map[string]*lab.SIPp // the phones of the stage
	says  map[string]int       // the tones of the stage, and of the switch
	zone  func(name string)    // sets the time zone of the settings
	calls []string             // as they were told of
}

// TestCenterPlays plays what else becomes of callers and agents, on one switch, its stages side by side. A scene says of
// everything that is told of its numbers what it has to be, in order, then what the store has of it.
func TestCenterPlays(t *testing.T) {
	t.Parallel()
	stages := []*stage{callbackStage, hoursStage, mobileStage, forcedStage, registrationStage, missedStage, togetherStage,
		painsStage, urgentStage, changedStage, directStage}
	c := startCenter(t, func(s *lab.Switch) string {
		for _, stage := range stages {
			require.NoError(t, s.AddPhones(slices.Sorted(maps.Keys(stage.phones))...))
		}
		return configOf(s, stages, farZone)
	})
	supply := func(zone string) {
		ctx, cancel := c.soon()
		defer cancel()
		more := lab.Supplement{CTI: configOf(c.Switch, stages, zone), Extensions: centerExtensions + urgentExtension, Profile: playProfile}
		require.NoError(t, c.Supply(ctx, more))
	}
	supply(farZone)
	require.Contains(t, c.try("sofia profile internal rescan"), "+OK")
	var wait sync.WaitGroup
	for _, s := range stages {
		wait.Go(func() { t.Run(s.name, func(t *testing.T) { s.play(t, c.Switch, supply) }) })
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	c.requireAllOver()
}

func configOf(s *lab.Switch, stages []*stage, zone string) string {
	var all roster
	for _, stage := range stages {
		r := stage.config(s)
		all.queues, all.agents = all.queues+r.queues, all.agents+r.agents
		all.tiers, all.rules, all.tokens = all.tiers+r.tiers, all.rules+r.rules, all.tokens+r.tokens
	}
	config := centerConfig(all.queues, all.agents, all.tiers, all.rules)
	more := element("param", "name", "time-zone", "value", zone) + "</settings><tokens>" + all.tokens + "</tokens>"
	return strings.Replace(config, "</settings>", more, 1)
}

// play plays the scenes of a stage, one after the other.
func (s *stage) play(t *testing.T, sw *lab.Switch, supply func(zone string)) {
	c := &center{rig: &rig{Switch: sw, t: t, ctx: t.Context(), phones: map[string]*lab.SIPp{}}, heard: new([]heardEvent)}
	c.rig.heard = new([]lab.Message)
	ctx, cancel := c.soon()
	defer cancel()
	var err error
	c.events, err = sw.EventSocket(ctx)
	require.NoError(t, err)
	t.Cleanup(c.events.Close)
	says := map[string]int{"music": lab.Music, "ringback": lab.Ringback, "dialplan": goesOn, "unknown": nowhere, "greeting": greeting}
	phones := map[string]lab.Phone{}
	numbers := append(slices.Sorted(maps.Keys(s.phones)), s.callers...)
	for i, number := range numbers {
		says[number] = 500 + 100*i // those on another stage have them too
		if phone, has := s.phones[number]; has {
			phone.Tone = says[number]
			phones[number] = phone
		}
	}
	c.putPhones(phones)
	for _, client := range []**lab.Client{&c.asker, &c.watcher} {
		*client, err = lab.OpenClient(ctx, c.socket(), "full")
		require.NoError(t, err)
		t.Cleanup((*client).Close)
	}
	c.register(numbers...)
	require.NoError(t, c.watcher.Register(ctx, append(numbers, s.queues...)...))
	home := maps.Clone(c.phones)
	for _, scene := range s.plays {
		if t.Failed() {
			return // the scene before has left who knows what
		}
		t.Run(scene.name, func(t *testing.T) {
			t.Log("proves", scene.proves)
			local, rig := *c, *c.rig
			rig.t, rig.ctx, rig.phones = t, t.Context(), maps.Clone(home)
			local.rig = &rig
			p := &play{center: &local, home: home, says: says, zone: supply}
			p.clear()
			scene.do(p)
			p.nothingMore()
			p.requireWhole()
			p.clear()
		})
	}
}

// clear logs everybody out.
func (p *play) clear() {
	p.t.Helper()
	for _, dn := range slices.Sorted(maps.Keys(p.home)) {
		p.try("cti agent " + dn + " logout")
	}
	p.readAll()
	p.begun = len(*p.heard)
	p.matched = p.begun
}

// tells waits for these events, in this order, with none between them.
func (p *play) tells(lines ...string) (last heardEvent) {
	p.t.Helper()
	for _, line := range lines {
		last = p.event(line)
		require.True(p.t, last.says(line), "%s is told where %q should be. Told is:\n%s", last.line(), line, p.allHeard())
	}
	return last
}

// tellsTogether waits for these events with none between them, in whatever order: two legs that end at once do so in either.
func (p *play) tellsTogether(lines ...string) {
	p.t.Helper()
	left := slices.Clone(lines)
	for range lines {
		e := p.event(strings.Join(left, " and "))
		at := slices.IndexFunc(left, e.says)
		require.GreaterOrEqual(p.t, at, 0, "%s is told where %q should be. Told is:\n%s", e.line(), left, p.allHeard())
		left = slices.Delete(left, at, at+1)
	}
}

// event is the next one that is told.
func (p *play) event(waitsFor string) heardEvent {
	p.t.Helper()
	for {
		for p.matched < len(*p.heard) {
			e := (*p.heard)[p.matched]
			p.matched++
			if e.MessageID == "EventCallCreated" {
				p.calls = append(p.calls, e.CallID)
			}
			if e.MessageID != "EventHeartbeat" {
				return e
			}
		}
		p.read(waitsFor)
	}
}

// nothingMore makes sure that all that was told was asked for.
func (p *play) nothingMore() {
	p.t.Helper()
	p.readAll()
	for _, e := range (*p.heard)[p.matched:] {
		require.Equal(p.t, "EventHeartbeat", e.MessageID, "%s is told too:\n%s", e.line(), p.allHeard())
	}
	p.matched = len(*p.heard)
}

// comes lets somebody call a queue, and waits until he is in it, the first or a later one.
func (p *play) comes(from, queue string, position int) heardEvent {
	p.t.Helper()
	p.dials(from, queue)
	return p.tells(fmt.Sprintf("Queued %s thisQueue=%s position=%d otherDN=%s", queue, queue, position, from))
}

// dials lets somebody call.
func (p *play) dials(from, to string) {
	p.t.Helper()
	p.call(lab.Caller{From: from, To: to, Tone: p.says[from]})
	p.tells("CallCreated "+from+" callType=Inbound otherDN="+to, "Dialing "+from)
}

// rings waits until an agent's phone rings for a caller. at is where: his own number, or his mobile's.
func (p *play) rings(at, queue, from string) {
	p.t.Helper()
	p.tells("Diverted "+queue+" thirdDN="+at+" callState=OK otherDN="+from, "Ringing "+at+" thisQueue="+queue+" otherDN="+from)
	p.reached(at, "rings")
}

// talks lets an agent's phone answer, and waits until the two hear each other.
func (p *play) talks(at, queue, from string) {
	p.t.Helper()
	p.answer(at)
	p.tellsTogether("Established "+from+" otherDN="+at, "Established "+at+" thisQueue="+queue+" otherDN="+from)
	p.hears(map[string]string{from: at, at: from})
}

// leavesTalk lets the caller hang up, and waits for what an agent who is ready is told then.
func (p *play) leavesTalk(from, at, agent string) {
	p.t.Helper()
	p.hangUp(from)
	p.tellsTogether("Released "+from+" hangupSide=customer", "AgentNotReady "+agent+" reasonCode=4 wrapUpDuration=1",
		"Released "+at+" hangupSide=customer wrapUpDuration=1")
	p.tells("CallDeleted "+from, "AgentReady "+agent+" reasonCode=4")
}

// hears waits until each hears whom he should, or nobody.
func (p *play) hears(want map[string]string) {
	p.t.Helper()
	is := map[string][]string{}
	ctx, cancel := p.soon()
	defer cancel()
	err := lab.Until(ctx, "everybody to hear what they should", func() (bool, error) {
		right := true
		for dn, others := range want {
			heard, sure := p.phones[dn].Voice().Heard(slices.Collect(maps.Values(p.says)))
			is[dn] = nil
			for name, hertz := range p.says {
				if slices.Contains(heard, hertz) {
					is[dn] = append(is[dn], name)
				}
			}
			right = right && sure && strings.Join(is[dn], " ") == others
		}
		return right, nil
	})
	p.fine(err, fmt.Sprintf("should be heard: %v; is heard: %v", want, is))
}

// is holds what `cti agent` says of an agent: his state, what he does, and the two as one word (R41).
func (p *play) is(dn string, state int, occupancy, status string) {
	p.t.Helper()
	var a struct {
		AgentState        int
		Occupancy, Status string
	}
	p.asJSON("agent "+dn, &a)
	require.Equal(p.t, fmt.Sprint(state, occupancy, status), fmt.Sprint(a.AgentState, a.Occupancy, a.Status))
}

const isLoggedOut = 0

// stays waits until the stays in a queue since the play began are these, in the order in which they began.
func (p *play) stays(queue string, want ...string) {
	p.t.Helper()
	p.rows("stays in "+queue, "select caller_dn || ' ' || outcome || iif(callback, ' callback', '') as text from queue_stay "+
		"where open = 0 and queue_id = '"+queue+"' and call_id in "+p.callList()+" order by id", want)
}

// offers waits until the phones that were called for a queue since the play began are these.
func (p *play) offers(queue string, want ...string) {
	p.t.Helper()
	p.rows("offers of "+queue, "select agent_dn || ' ' || outcome as text from offer "+
		"where open = 0 and queue_id = '"+queue+"' and call_id in "+p.callList()+" order by id", want)
}

// record waits until the CDR of the play's nth call, from 0, says who called whom and who ended it, and who took part for
// which queue, with a star who talked.
func (p *play) record(n int, call string, parties ...string) {
	p.t.Helper()
	id := "'" + p.calls[n] + "'"
	p.rows("calls", "select call_type || ' ' || this_dn || ' ' || other_dn || ' ' || hangup_side as text from call "+
		"where open = 0 and end_reason = 'normal' and call_id = "+id, []string{call})
	p.rows("parties", "select this_dn || ' ' || party_role || ' ' || queue_id || iif(bridge_millis > 0, '*', '') as text from party "+
		"where open = 0 and call_id = "+id+" order by id", parties)
}

func (p *play) callList() string { return "('" + strings.Join(p.calls, "', '") + "')" }

func (p *play) rows(what, sql string, want []string) {
	p.t.Helper()
	var is []string
	ctx, cancel := p.soon()
	defer cancel()
	err := lab.Until(ctx, what, func() (bool, error) {
		is = nil
		for _, r := range p.query(sql) {
			is = append(is, r.text("text"))
		}
		return slices.Equal(is, want), nil
	})
	p.fine(err, fmt.Sprintf("the %s should be %q, are %q", what, want, is))
}

// requireWhole holds of all that was told of a play: a call is told to begin before all else of it and to end after it
// (3.0-1), each party ends once (3.0-2), and after-call work is told right before the release that frees the phone (3.0-4).
func (p *play) requireWhole() {
	p.t.Helper()
	events := (*p.heard)[p.begun:]
	ends := map[string]int{}
	alive := map[string]bool{}
	for i, e := range events {
		switch name := strings.TrimPrefix(e.MessageID, "Event"); {
		case name == "CallCreated":
			require.NotContains(p.t, alive, e.CallID)
			alive[e.CallID] = true
		case name == "AgentNotReady" && e.fields["wrapUpDuration"] != nil:
			require.Less(p.t, i+1, len(events))
			require.Equal(p.t, "EventReleased", events[i+1].MessageID, "3.0-4:\n%s", p.allHeard())
			require.Equal(p.t, e.AttachedData["callID"], events[i+1].CallID, "3.0-4:\n%s", p.allHeard())
		case e.CallID == "" || strings.HasPrefix(name, "Agent"):
		default:
			require.True(p.t, alive[e.CallID], "3.0-1: %s in\n%s", e.line(), p.allHeard())
			if name == "CallDeleted" {
				alive[e.CallID] = false
			}
			if name == "Released" {
				ends[e.PartyID]++
				require.Equal(p.t, 1, ends[e.PartyID], "3.0-2: %s in\n%s", e.line(), p.allHeard())
			}
		}
	}
	for _, id := range p.calls {
		require.False(p.t, alive[id], "a call goes on:\n%s", p.allHeard())
	}
}

// requireAllOver: nothing is left of all plays, no phone rang for a caller who was not there, and no agent had two calls.
func (c *center) requireAllOver() {
	c.t.Helper()
	c.quiet()
	require.Zero(c.t, c.listed("calls"))
	for _, table := range []string{"call", "party", "queue_stay", "offer"} {
		c.closed(table)
	}
	var agents []struct{ AgentID, Status, Occupancy string }
	c.asJSON("agents", &agents)
	for _, a := range agents {
		require.Equal(c.t, "offline idle", a.Status+" "+a.Occupancy, a.AgentID)
	}
	require.Empty(c.t, c.query("select * from call where end_reason <> 'normal' or hangup_side = ''"))
	require.Empty(c.t, c.query(fmt.Sprintf("select o.*, s.left_millis from offer o join queue_stay s using (call_id, queue_id) "+
		"where s.callback = 0 and s.entered_millis = (select max(t.entered_millis) from queue_stay t where t.call_id = o.call_id "+
		"and t.queue_id = o.queue_id and t.callback = 0 and t.entered_millis <= o.at_millis) "+
		"and (o.at_millis > s.left_millis or o.outcome <> 'answered' and o.end_millis > s.left_millis + %d)",
		atOnce.Milliseconds())))
	require.Empty(c.t, c.query("select a.agent_dn, a.at_millis, a.end_millis, b.at_millis as other from offer a join offer b "+
		"on a.agent_uuid = b.agent_uuid and a.id <> b.id and b.at_millis >= a.at_millis and b.at_millis < a.end_millis"))
}
