package fs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// crowd is how many agents of each kind there are; those of a kind share a SIPp, which plays a phone for each.
var crowd = []struct {
	at    string // whose port they have
	first int
	count int
	phone lab.Phone
}{
	{"1001", 2001, 14, lab.Phone{Ring: 300 * ms, Talk: 1500 * ms}},
	{"1002", 2101, 3, lab.Phone{Ring: 200 * ms, Final: "refuse", Status: "603 Decline"}},
	{"1003", 2201, 3, lab.Phone{}}, // nobody answers
}

// groupsOf are three groups: each agent is in one, every third in two.
func groupsOf(i int) []string {
	groups := []string{fmt.Sprint(8011 + i%3)}
	if i%3 == 0 {
		groups = append(groups, "8012")
	}
	return groups
}

// crowdConfig is 20 agents in 3 groups.
func crowdConfig(s *lab.Switch) string {
	var agents, tiers, rules string
	n := 0
	for _, kind := range crowd {
		rules += element("rule", "pattern", fmt.Sprintf("^%d..$", kind.first/100),
			"leg", fmt.Sprintf("sofia/internal/$0@127.0.0.1:%d", s.PhonePort(kind.at)))
		for i := range kind.count {
			name := fmt.Sprint(kind.first + i)
			agents += element("agent", "name", name, "contact", "user/"+name+"@127.0.0.1", "status", "Available",
				"reject-delay-time", "2", "no-answer-delay-time", "2")
			for _, group := range groupsOf(n) {
				tiers += element("tier", "agent", name, "queue", group, "level", "1", "position", "1")
			}
			n++
		}
	}
	return centerConfig(queueElement("8011", "ring-time", "1", "wrap-up-time", "1")+
		queueElement("8012", "strategy", "ring-all", "ring-time", "1")+
		queueElement("8013", "strategy", "round-robin", "ring-time", "1", "wrap-up-time", "1"), agents, tiers, rules)
}

// TestCenterCrowd: callers of three groups, some of whom do not wait long; agents who answer, refuse and let it ring. The
// ordinary run has 45 callers; the soak has 500; 6 come each second.
func TestCenterCrowd(t *testing.T) {
	t.Parallel()
	centerCrowd(t, 45)
}

func TestSoakCenterCrowd(t *testing.T) {
	soak(t)
	centerCrowd(t, 500)
}

func centerCrowd(t *testing.T, calls int) {
	c := startCenter(t, crowdConfig)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(calls)*time.Second/5+2*time.Minute)
	defer cancel()
	c.ctx = ctx
	phones := map[string]lab.Phone{}
	for _, kind := range crowd {
		phones[kind.at] = kind.phone
	}
	c.putPhones(phones)
	require.Equal(t, 20, c.listed("agents"))

	// 3 of 5 are patient: their agent hangs up. The others leave after 150 ms, before anybody answers, to
	// 1,700 ms, wherever they are then.
	var callers []*lab.SIPp
	begun := 0
	crowds := []lab.Caller{
		{To: "8011"}, {To: "8012"}, {To: "8013"}, {To: "8011", Talk: 150 * ms}, {To: "8012", Talk: 900 * ms},
		{To: "8013", Talk: 1700 * ms},
	}
	for i, caller := range crowds {
		caller.From, caller.Calls, caller.PerSecond = fmt.Sprintf("1380000000%d", i), calls/len(crowds), 1
		if i == 0 {
			caller.Calls += calls % len(crowds)
		}
		begun += caller.Calls
		callers = append(callers, c.call(caller))
	}
	require.Equal(t, calls, begun)
	for _, sipp := range callers {
		c.allServed(sipp)
	}
	c.quiet()
	c.readAll()
	c.requireAccounted(calls)
	t.Logf("%s", c.try("cti status"))
}

// allServed waits until each caller was served, or left as he wanted, and reads what is told meanwhile.
func (c *center) allServed(sipp *lab.SIPp) {
	c.t.Helper()
	for {
		ctx, cancel := c.soon()
		err := sipp.Wait(ctx)
		ended := ctx.Err() == nil
		cancel()
		c.readAll()
		if ended {
			c.fine(err, "a caller was not served")
			return
		}
		require.NoError(c.t, c.ctx.Err())
	}
}

// requireAccounted: every caller is accounted for, in what was told, in the records of calls and in those of queues;
// nothing rang for nothing, and nothing is left.
func (c *center) requireAccounted(calls int) {
	c.t.Helper()
	for _, table := range []string{"call", "party", "queue_stay", "offer"} {
		c.closed(table)
	}
	told := map[string]int{}
	for _, e := range *c.heard {
		name := strings.TrimPrefix(e.MessageID, "Event")
		switch {
		case name == "Queued" && e.fields["retries"] != float64(0):
			name = "Queued again"
		case name == "Established" && e.PartyRole == "Agent", name == "Released" && e.PartyRole == "Agent":
			name += " agent"
		}
		told[name]++
	}
	is := func(name string, want int64) { require.EqualValues(c.t, want, told[name], "%s; told: %v", name, told) }
	is("CallCreated", int64(calls))
	is("CallDeleted", int64(calls))
	is("Released", int64(calls))
	// Who leaves after 150 ms may be gone before a busy switch has put him into the queue.
	gone := c.count("call where call_id not in (select call_id from queue_stay) and hangup_side = 'customer'")
	require.LessOrEqual(c.t, gone, int64(calls/6))
	queued := int64(calls) - gone
	is("Queued", queued)
	require.EqualValues(c.t, calls, c.count("call where end_reason = 'normal'"), "one record a caller")
	require.EqualValues(c.t, calls, c.count("party where party_role = 'Customer'"))
	require.Equal(c.t, queued, c.count("queue_stay"), "one stay a caller")
	answered, abandoned := c.count("queue_stay where outcome = 'answered'"), c.count("queue_stay where outcome = 'abandoned'")
	require.Equal(c.t, queued, answered+abandoned)
	is("Established agent", answered)
	require.Equal(c.t, answered, c.count("offer where outcome = 'answered'"))
	require.Equal(c.t, answered, c.count("party where party_role = 'Agent' and bridge_millis > 0"))
	require.Positive(c.t, abandoned)
	outcomes := []string{"answered", "rejected", "no-answer", "lost"}
	if calls >= 500 { // of few callers none may leave while a phone rings
		outcomes = append(outcomes, "caller-left")
	}
	for _, outcome := range outcomes {
		require.Positive(c.t, c.count("offer where outcome = '"+outcome+"'"), outcome)
	}
	sides := "select hangup_side, count(*) as n from call group by hangup_side"
	require.Zero(c.t, c.count("call where hangup_side not in ('agent', 'customer')"), "nobody else hung up: %v", c.query(sides))
	require.Zero(c.t, c.count("offer where outcome in ('failed', 'interrupted', '')"))
	c.requireNoZombies()
	require.Zero(c.t, c.listed("calls"))
	var agents []struct{ AgentID, Status, Occupancy string }
	c.until("all agents to be free", func() bool {
		c.asJSON("agents", &agents)
		for _, a := range agents {
			if a.Status != "free" || a.Occupancy != "idle" {
				return false
			}
		}
		return len(agents) == 20
	})
	c.t.Logf("%d callers: %d answered, %d abandoned; offers %v; who hung up %v; told %v", calls, answered, abandoned,
		c.query("select outcome, count(*) as n from offer group by outcome"), c.query(sides), told)
}

// requireNoZombies: no phone was called for a caller who was not there, none rang on after he had left or had an agent,
// and no agent had two calls at once, or one before his after-call work was over.
func (c *center) requireNoZombies() {
	c.t.Helper()
	const soonMillis, spoiled = 1000, 1 // with a CANCEL and its answer; a busy machine may spoil one
	// When a caller hangs up is stamped in the switch, a little before the engine hears of it.
	require.Empty(c.t, c.query(fmt.Sprintf("select o.*, s.left_millis from offer o join queue_stay s using (call_id) "+
		"where o.at_millis > s.left_millis + %d", soonMillis)))
	rangOn := c.query(fmt.Sprintf("select o.*, s.left_millis from offer o join queue_stay s using (call_id) "+
		"where o.outcome <> 'answered' and o.end_millis > s.left_millis + %d", soonMillis))
	require.LessOrEqual(c.t, len(rangOn), spoiled, "%v", rangOn)
	require.Empty(c.t, c.query("select a.agent_dn, a.at_millis, a.end_millis, b.at_millis as other from offer a join offer b "+
		"on a.agent_uuid = b.agent_uuid and a.id <> b.id and b.at_millis >= a.at_millis and b.at_millis < a.end_millis"))
	require.Empty(c.t, c.query("select p.this_dn, p.end_millis, o.at_millis from party p join offer o on o.agent_dn = p.this_dn "+
		"where p.party_role = 'Agent' and o.at_millis > p.start_millis and o.at_millis < p.end_millis"))
	require.Empty(c.t, c.query("select p.this_dn, p.end_millis, o.at_millis from party p join offer o on o.agent_dn = p.this_dn "+
		"where p.bridge_millis > 0 and p.queue_id in ('8011', '8013') and o.at_millis >= p.end_millis "+
		"and o.at_millis < p.end_millis + 900"))
}
