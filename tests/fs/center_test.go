package fs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	goesOn  = 2600 // what a caller hears whom the dialplan has again, Hz
	nowhere = 2700 // and one whose queue is not known
)

func init() { tones["dialplan"], tones["unknown"] = goesOn, nowhere }

// centerExtensions: 8xxx is a queue for callers who are answered, 98xxx for those who are not. Who comes back hears why by
// a tone; who comes back because the engine was away waits anew.
var centerExtensions = fmt.Sprintf(`
<extension name="queue">
  <condition field="destination_number" expression="^(9?)(8\d{3})$">
    <action application="set" data="queue_wanted=$1$2"/>
    <action application="execute_extension" data="answers$1 XML default"/>
    <action application="cti_queue" data="$2"/>
    <action application="log" data="NOTICE ${caller_id_number} is back from queue $2: ${cti_queue_result}"/>
    <action application="transfer" data="back-${cti_queue_result} XML default"/>
  </condition>
</extension>
<extension name="answers">
  <condition field="destination_number" expression="^answers$"><action application="set" data="cti_queue_answer=true"/></condition>
</extension>
<extension name="early"><condition field="destination_number" expression="^answers9$"/></extension>
<extension name="engine away">
  <condition field="destination_number" expression="^back-unavailable$">
    <action application="sleep" data="200"/>
    <action application="transfer"
      data="${cond(${module_exists(mod_cti)}${global_getvar(lab_stay_away)} == true ? ${queue_wanted} : back-unavailable)} XML default"/>
  </condition>
</extension>
<extension name="unknown">
  <condition field="destination_number" expression="^back-unknown$"><action application="playback" data="%[1]s"/></condition>
</extension>
<extension name="unserved">
  <condition field="destination_number" expression="^back-.*$"><action application="playback" data="%[2]s"/></condition>
</extension>
<extension name="agent">
  <condition field="destination_number" expression="^\*1(login|logout|ready|notready)(\d*)$">
    <action application="answer"/>
    <action application="cti_agent" data="$1 $2"/>
    <action application="log" data="NOTICE agent ${caller_id_number} $1: ${cti_agent_result}"/>
    <action application="sleep" data="200"/>
    <action application="hangup"/>
  </condition>
</extension>`, forEver(nowhere), forEver(goesOn))

func forEver(hertz int) string {
	return fmt.Sprintf("tone_stream://v=-16;%%(1000,0,%d);loops=-1", hertz)
}

// centerConfig is a cti.conf.xml.
func centerConfig(queues, agents, tiers, rules string) string {
	return `<configuration name="cti.conf"><settings>
<param name="tcp-listen" value=""/><param name="http-listen" value=""/>
<param name="company-id" value="` + company + `"/><param name="requests-per-second" value="1000"/>
</settings><dial-plan>` + rules + `<rule pattern="^1\d{3}$" leg="user/$0@127.0.0.1"/></dial-plan>
<queues>` + queues + `</queues><agents>` + agents + `</agents><tiers>` + tiers + `</tiers></configuration>`
}

// element writes an XML element with attributes, given as names and values by turns.
func element(name string, pairs ...string) string {
	var b strings.Builder
	b.WriteString("<" + name)
	for i := 0; i < len(pairs); i += 2 {
		fmt.Fprintf(&b, " %s=%q", pairs[i], pairs[i+1])
	}
	return b.String() + "/>\n"
}

// queueElement writes a <queue> with its params.
func queueElement(name string, params ...string) string {
	inner := ""
	for i := 0; i < len(params); i += 2 {
		inner += element("param", "name", params[i], "value", params[i+1])
	}
	return fmt.Sprintf("<queue name=%q>%s</queue>\n", name, inner)
}

// center is a rig of a call center: a client that acts for all agents, and a watcher that hears everything.
type center struct {
	*rig
	asker   *lab.Client
	watcher *lab.Client
	heard   *[]heardEvent
	begun   int // of those, how many were told before the scenario
	matched int // how many have been asked for
	stuck   bool
}

// heardEvent is an event with all of its fields.
type heardEvent struct {
	lab.Message
	fields map[string]any
}

// startCenter starts a switch with that cti.conf.xml, and the module.
func startCenter(t testing.TB, config func(s *lab.Switch) string) *center {
	t.Helper()
	return startCenterOn(t, startSwitch(t, lab.Options{Sample: []byte("<!-- written later -->")}), func(s *lab.Switch) lab.Supplement {
		return lab.Supplement{CTI: config(s)}
	})
}

// startCenterOn has a switch supplied, and loads the module, others before it.
func startCenterOn(t testing.TB, s *lab.Switch, supply func(s *lab.Switch) lab.Supplement, before ...string) *center {
	t.Helper()
	c := &center{rig: &rig{Switch: s, t: t, ctx: t.Context(), phones: map[string]*lab.SIPp{}}, heard: new([]heardEvent)}
	c.rig.heard = new([]lab.Message)
	ctx, cancel := c.soon()
	defer cancel()
	more := supply(s)
	more.Extensions = centerExtensions
	require.NoError(t, s.Supply(ctx, more))
	c.events = c.eventSocket("CHANNEL_HANGUP_COMPLETE")
	for _, module := range append(before, "mod_cti") {
		c.api("load " + module)
	}
	c.open()
	return c
}

// open connects the clients.
func (c *center) open(dns ...string) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	var err error
	c.asker, err = lab.OpenClient(ctx, c.socket(), "full")
	require.NoError(c.t, err)
	c.t.Cleanup(c.asker.Close)
	c.register(dns...)
	c.watcher = c.connect()
}

// register has the client act for these DNs.
func (c *center) register(dns ...string) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	require.NoError(c.t, c.asker.Register(ctx, dns...))
}

// putPhones puts a phone at each DN, all at once.
func (c *center) putPhones(phones map[string]lab.Phone) {
	c.t.Helper()
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for dn, phone := range phones {
		wait.Go(func() {
			ctx, cancel := c.soon()
			defer cancel()
			sipp, err := c.Phones(ctx, scenarios, dn, phone)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
				return
			}
			c.phones[dn] = sipp
		})
	}
	wait.Wait()
	for _, sipp := range c.phones {
		c.t.Cleanup(sipp.Stop)
	}
	require.NoError(c.t, failed)
}

// ask sends a request of an agent's, which must not be refused.
func (c *center) ask(request, dn string, more ...any) lab.Message {
	c.t.Helper()
	m := c.request(request, dn, more...)
	require.Zero(c.t, m.ErrorCode, "%s for %s was refused: %s", request, dn, m.Raw)
	return m
}

func (c *center) request(request, dn string, more ...any) lab.Message {
	c.t.Helper()
	fields := lab.Fields{"thisDN": dn}
	for i := 0; i < len(more); i += 2 {
		fields[more[i].(string)] = more[i+1]
	}
	ctx, cancel := c.soon()
	defer cancel()
	m, err := c.asker.Request(ctx, "Request"+request, fields)
	require.NoError(c.t, err)
	return m
}

const isReady, isNotReady = 1, 2

// login has agents log in at their phones.
func (c *center) login(state int, dns ...string) {
	c.t.Helper()
	for _, dn := range dns {
		more := []any{"agentID", dn, "agentState", state, "phoneType", 4}
		if state == isNotReady {
			more = append(more, "reasonCode", 11)
		}
		c.ask("AgentLogin", dn, more...)
	}
}

// told waits until these events have been told, in this order, each after those that were asked for before; others may
// lie between. A line names the event, whom it is about, and top-level fields that it must have.
func (c *center) told(lines ...string) (last heardEvent) {
	c.t.Helper()
	for _, line := range lines {
		for !c.matches(line) {
			if c.matched++; c.matched <= len(*c.heard) {
				continue
			}
			c.matched--
			c.read(line)
		}
		last = (*c.heard)[c.matched]
		c.matched++
	}
	return last
}

// was makes sure that something has been told among what was asked for: where there is no order.
func (c *center) was(line string) {
	c.t.Helper()
	told := slices.ContainsFunc((*c.heard)[c.begun:c.matched], func(e heardEvent) bool { return e.says(line) })
	require.True(c.t, told, "%s is not told. Told is:\n%s", line, c.allHeard())
}

// matches tells whether the next event that was not asked for is what a line says.
func (c *center) matches(line string) bool {
	return c.matched < len(*c.heard) && (*c.heard)[c.matched].says(line)
}

func (e heardEvent) says(line string) bool {
	want := strings.Fields(line)
	if e.MessageID != "Event"+want[0] || len(want) > 1 && want[1] != "*" && e.ThisDN != want[1] {
		return false
	}
	for _, field := range want[min(2, len(want)):] {
		name, value, _ := strings.Cut(field, "=")
		if got, has := e.fields[name]; fmt.Sprint(got) != value && (has || value != "") {
			return false
		}
	}
	return true
}

// read reads one event more.
func (c *center) read(waitsFor string) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	m, err := c.watcher.Next(ctx, func(lab.Message) bool { return true })
	c.fine(err, waitsFor+" is not told")
	e := heardEvent{Message: m, fields: map[string]any{}}
	require.NoError(c.t, json.Unmarshal(m.Raw, &e.fields))
	*c.heard = append(*c.heard, e)
}

// readAll reads whatever has been told until now: the heartbeat is answered after it.
func (c *center) readAll() {
	c.t.Helper()
	require.NoError(c.t, c.watcher.Send(map[string]any{"messageID": "RequestHeartbeat", "referenceID": 7}))
	for n := len(*c.heard); ; n++ {
		c.read("the heartbeat")
		if m := (*c.heard)[n]; m.MessageID == "EventHeartbeat" && m.ReferenceID == 7 {
			return
		}
	}
}

// never makes sure that nothing of the kind was told, up to now.
func (c *center) never(lines ...string) {
	c.t.Helper()
	c.readAll()
	for _, e := range (*c.heard)[c.begun:] {
		for _, line := range lines {
			if e.says(line) {
				require.Fail(c.t, line+" is told", c.allHeard())
			}
		}
	}
}

// fine fails with whatever has been told, if there is an error.
func (c *center) fine(err error, what string) {
	c.t.Helper()
	if err != nil {
		require.NoError(c.t, err, "%s. Told is:\n%s", what, c.allHeard())
	}
}

// allHeard is what was told since the scenario began, a line each.
func (c *center) allHeard() string {
	var b strings.Builder
	for _, e := range (*c.heard)[c.begun:] {
		if e.MessageID != "EventHeartbeat" {
			b.WriteString(e.line() + "\n")
		}
	}
	return b.String()
}

// line writes an event as expectations do.
func (e heardEvent) line() string {
	line := strings.TrimPrefix(e.MessageID, "Event") + " " + e.ThisDN
	for _, name := range []string{"otherDN", "thirdDN", "thisQueue", "callState", "reasonCode", "reserved", "agentState",
		"loginState", "wrapUpDuration", "retries", "position", "hangupCause", "hangupSide", "creationTime"} {
		switch value := e.fields[name].(type) {
		case nil:
		case float64:
			line += fmt.Sprintf(" %s=%.0f", name, value)
		default:
			line += fmt.Sprintf(" %s=%v", name, value)
		}
	}
	return line
}

// hears waits until each hears what he should, as names of tones with blanks between.
func (c *center) hears(want map[string]string) {
	c.t.Helper()
	is := map[string]string{}
	ctx, cancel := c.soon()
	defer cancel()
	err := lab.Until(ctx, "everybody to hear what they should", func() (bool, error) {
		right := true
		for dn, others := range want {
			heard, sure := c.heardBy(dn)
			is[dn] = heard
			expected := strings.Fields(others)
			slices.Sort(expected)
			right = right && sure && heard == strings.Join(expected, " ")
		}
		return right, nil
	})
	c.fine(err, fmt.Sprintf("should be heard: %v; is heard: %v", want, is))
}

// caller lets somebody call.
func (c *center) caller(to string) *lab.SIPp {
	c.t.Helper()
	return c.call(lab.Caller{From: outside, To: to, Tone: tones[outside]})
}

// reached waits until a phone is in a state that its scenario logs.
func (c *center) reached(dn, state string) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	c.fine(c.phones[dn].Reached(ctx, state), dn)
}

// act has a phone do something, such as (*lab.SIPp).Answer, once its call is where it can be done.
func (c *center) act(dn string, what func(*lab.SIPp, context.Context) error) {
	c.t.Helper()
	ctx, cancel := c.soon()
	defer cancel()
	c.fine(what(c.phones[dn], ctx), dn)
}

func (c *center) answer(dn string) { c.t.Helper(); c.act(dn, (*lab.SIPp).Answer) }

func (c *center) refuse(dn string) { c.t.Helper(); c.act(dn, (*lab.SIPp).Refuse) }

func (c *center) hangUp(dn string) { c.t.Helper(); c.act(dn, (*lab.SIPp).HangUp) }

// recorded waits until the last stays and offers of the store, those that are over, are these.
func (c *center) recorded(stays, offers []string) {
	c.t.Helper()
	c.lastOf("the stays", "select queue_id || ' ' || outcome as text from queue_stay where open = 0", stays)
	c.lastOf("the offers", "select agent_dn || ' ' || outcome as text from offer where open = 0", offers)
}

func (c *center) lastOf(what, sql string, want []string) {
	c.t.Helper()
	var is []string
	ctx, cancel := c.soon()
	defer cancel()
	err := lab.Until(ctx, what, func() (bool, error) {
		is = nil
		for _, r := range c.query(fmt.Sprintf("%s order by id desc limit %d", sql, len(want))) {
			is = append([]string{r.text("text")}, is...)
		}
		return slices.Equal(is, want), nil
	})
	c.fine(err, fmt.Sprintf("recorded should be %q, is %q", want, is))
}

// outcome is how the last stay ended.
func (c *center) outcome() string {
	c.t.Helper()
	return c.query("select outcome from queue_stay where open = 0 order by id desc limit 1")[0].text("outcome")
}
