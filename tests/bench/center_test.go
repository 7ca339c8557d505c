package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const queueExtensions = `
<extension name="ours">
  <condition field="destination_number" expression="^(8\d{3})$">
    <action application="answer"/>
    <action application="cti_queue" data="$1"/>
  </condition>
</extension>
<extension name="theirs">
  <condition field="destination_number" expression="^(9\d{3})$">
    <action application="answer"/>
    <action application="callcenter" data="$1@default"/>
  </condition>
</extension>`

// centerSwitch is a switch with mod_callcenter and mod_cti; in each a queue with one agent, who has a bell for a phone.
func centerSwitch(b *testing.B, ours, theirs *lab.Bell) *lab.Switch {
	b.Helper()
	s := benchSwitch(b, lab.Options{}, lab.Answers(0))
	const cti = `<configuration name="cti.conf"><settings><param name="tcp-listen" value=""/>
<param name="http-listen" value=""/><param name="requests-per-second" value="1000"/></settings>
<dial-plan><rule pattern="^2001$" leg="sofia/internal/2001@127.0.0.1:%d"/></dial-plan>
<queues><queue name="8001"><param name="moh-sound" value="%s"/></queue>
<queue name="8002"><param name="moh-sound" value="silence"/></queue></queues>
<agents><agent name="2001" contact="user/2001@127.0.0.1" reject-policy="not-ready" max-no-answer="1"/></agents>
<tiers><tier agent="2001" queue="8001"/></tiers></configuration>`
	const callcenter = `<configuration name="callcenter.conf"><settings/><queues><queue name="9001@default">
<param name="strategy" value="longest-idle-agent"/><param name="moh-sound" value="%s"/>
<param name="time-base-score" value="queue"/><param name="max-wait-time" value="0"/>
<param name="max-wait-time-with-no-agent" value="0"/><param name="tier-rules-apply" value="false"/></queue></queues>
<agents><agent name="a@default" type="callback" contact="sofia/internal/2001@127.0.0.1:%d" status="On Break"
max-no-answer="0" wrap-up-time="0" reject-delay-time="0" busy-delay-time="0"/></agents>
<tiers><tier agent="a@default" queue="9001@default" level="1" position="1"/></tiers></configuration>`
	const music = "tone_stream://v=-16;%(1000,0,350);loops=-1"
	require.NoError(b, s.Supply(b.Context(), lab.Supplement{
		CTI: fmt.Sprintf(cti, ours.Port(), music), Extensions: queueExtensions,
		Configurations: fmt.Sprintf(callcenter, music, theirs.Port()),
	}))
	centerAPI(b, s, "load mod_cti")
	return s
}

// centerAPI runs an API command of the switch, which must not fail.
func centerAPI(b *testing.B, s *lab.Switch, command string) string {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	reply, err := s.API(ctx, command)
	require.NoError(b, err)
	require.False(b, strings.HasPrefix(reply, "-ERR"), "%s: %s\n%s", command, reply, s.LogTail(20))
	return reply
}

func bell(b *testing.B) *lab.Bell {
	b.Helper()
	bell, err := lab.NewBell()
	require.NoError(b, err)
	b.Cleanup(bell.Close)
	return bell
}

// BenchmarkReadyToInviteRatio measures how long it takes from the moment in which an agent gets ready, while a caller
// waits, until the INVITE has reached his phone: with mod_cti from the write of RequestAgentReady to the unix socket, with
// mod_callcenter from the write of `callcenter_config agent set status` to the event socket. Both take turns on the same
// switch. Target: our median is at most 1/20 of mod_callcenter's.
func BenchmarkReadyToInviteRatio(b *testing.B) {
	const rounds, warm = 40, 3
	mine, other := bell(b), bell(b)
	s := centerSwitch(b, mine, other)
	centerAPI(b, s, "load mod_callcenter")
	client, err := lab.OpenClient(b.Context(), socketOf(s), "full")
	require.NoError(b, err)
	b.Cleanup(client.Close)
	require.NoError(b, client.Register(b.Context(), "2001"))
	m, err := client.Request(b.Context(), "RequestAgentLogin",
		lab.Fields{"thisDN": "2001", "agentID": "2001", "agentState": 2, "reasonCode": 11, "phoneType": 4})
	require.NoError(b, err)
	require.Zero(b, m.ErrorCode, "%s", m.Raw)
	for _, queue := range []string{"8001", "9001"} {
		sipp, err := s.Call(sippScenarios, lab.Caller{From: outsideNumber, To: queue})
		require.NoError(b, err)
		b.Cleanup(sipp.Stop)
	}
	waitFor(b, "two callers to wait", func() bool {
		return strings.Contains(centerAPI(b, s, "callcenter_config queue list members 9001@default"), "|Waiting|") &&
			oursWaiting(b, s, "8001") == 1
	})
	random := rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		var ours, theirs []int64
		for round := range warm + rounds {
			pause(random)
			o := ourReady(b, client, mine)
			pause(random)
			t := theirReady(b, s, other)
			if round >= warm {
				ours, theirs = append(ours, o), append(theirs, t)
			}
		}
		reportReady(b, ours, theirs)
	}
}

// pause lets each round begin at another moment of whatever turns at fixed times.
func pause(random *rand.Rand) {
	<-time.After(50*time.Millisecond + time.Duration(random.Int64N(int64(200*time.Millisecond))))
}

func waitFor(b *testing.B, what string, done func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(b, lab.Until(ctx, what, func() (bool, error) { return done(), nil }))
}

// oursWaiting is how many callers are in one of our queues.
func oursWaiting(b *testing.B, s *lab.Switch, queue string) int {
	b.Helper()
	text, found := strings.CutPrefix(centerAPI(b, s, "cti queue "+queue+" as json"), "+OK\n")
	require.True(b, found, text)
	var q struct{ Waiting int }
	require.NoError(b, json.Unmarshal([]byte(text), &q), text)
	return q.Waiting
}

// ourReady is one round with mod_cti: by refusing the call the agent is not ready again.
func ourReady(b *testing.B, client *lab.Client, phone *lab.Bell) int64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	begun := lab.Mono()
	_, err := client.Post("RequestAgentReady", lab.Fields{"thisDN": "2001"})
	require.NoError(b, err)
	rung, err := phone.Next(ctx)
	require.NoError(b, err)
	require.NoError(b, phone.Refuse(rung))
	_, err = client.Next(ctx, func(m lab.Message) bool { return m.MessageID == "EventAgentNotReady" })
	require.NoError(b, err)
	_, err = client.Next(ctx, func(m lab.Message) bool { return m.MessageID == "EventReleased" && m.ThisDN == "2001" })
	require.NoError(b, err)
	return rung.Mono - begun
}

// theirReady is one round with mod_callcenter: the agent is put on a break before he refuses.
func theirReady(b *testing.B, s *lab.Switch, phone *lab.Bell) int64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	begun := lab.Mono()
	centerAPI(b, s, "callcenter_config agent set status a@default Available")
	rung, err := phone.Next(ctx)
	require.NoError(b, err, "%s", s.LogTail(20))
	centerAPI(b, s, "callcenter_config agent set status a@default 'On Break'")
	require.NoError(b, phone.Refuse(rung))
	waitFor(b, "their agent and caller to wait", func() bool {
		return strings.Contains(centerAPI(b, s, "callcenter_config agent list"), "|On Break|Waiting|") &&
			strings.Contains(centerAPI(b, s, "callcenter_config queue list members 9001@default"), "|Waiting|")
	})
	return rung.Mono - begun
}

func reportReady(b *testing.B, ours, theirs []int64) {
	b.Helper()
	fmt.Printf("\n%-30s %12s %12s %12s\n", "agent ready to INVITE", "p50", "p90", "max")
	for _, row := range []struct {
		name  string
		times []int64
	}{{"mod_cti", ours}, {"mod_callcenter", theirs}} {
		fmt.Printf("%-30s %12v %12v %12v\n", row.name, time.Duration(at(row.times, 0.5)), time.Duration(at(row.times, 0.9)),
			time.Duration(at(row.times, 1)))
	}
	ratio := float64(at(theirs, 0.5)) / float64(at(ours, 0.5))
	b.ReportMetric(ratio, "median-ratio")
	fmt.Printf("ratio of medians 1/%.0f (target 1/20)\n", ratio)
}

// BenchmarkWaitingCPURatio measures what callers who wait in a queue cost while nothing happens, against the same number
// of channels that are parked: of the whole switch, and of the module's own threads. Music is the switch's own work, and
// that for 1,000 is more than a small machine has: both are compared in silence. Target: nothing of the module's own but
// the audit, which looks at parked channels as well.
func BenchmarkWaitingCPURatio(b *testing.B) {
	s := centerSwitch(b, bell(b), bell(b))
	for _, callers := range []int{100, 1000} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			for b.Loop() {
				fmt.Printf("\n%-32s %14s %14s\n", "% of a processor", "switch", "own threads")
				cost := map[string]spent{}
				for _, kind := range []struct {
					name, number string
					most         int
				}{
					{"nobody", "", 1000}, {"parked", "5900", 1000}, {"waiting in silence", "8002", 1000},
					{"waiting with music", "8001", 100},
				} {
					if callers > kind.most {
						continue
					}
					cost[kind.name] = waitingCost(b, s, kind.number, callers)
					fmt.Printf("%5d %-26s %13.2f%% %13.3f%%\n", callers, kind.name, cost[kind.name].all, cost[kind.name].own)
				}
				b.ReportMetric(cost["waiting in silence"].all/cost["parked"].all, "waiting/parked")
				b.ReportMetric(cost["waiting in silence"].own-cost["parked"].own, "own-added-%")
			}
		})
	}
}

// waitingCost is the processor time that is used while so many callers are at a number, in hundredths of a processor.
func waitingCost(b *testing.B, s *lab.Switch, number string, callers int) spent {
	b.Helper()
	const window = 5 * time.Second
	up := 0
	if number != "" {
		sipp, err := s.Call(sippScenarios, lab.Caller{From: outsideNumber, To: number, Calls: callers, PerSecond: 50})
		require.NoError(b, err)
		defer sipp.Stop()
		up = callers
	}
	there := func(count int) func() bool {
		return func() bool { return centerAPI(b, s, "show channels count") == fmt.Sprintf("\n%d total.", count) }
	}
	waitFor(b, "the callers to be there", there(up))
	if number == "8001" || number == "8002" {
		waitFor(b, "the callers to wait", func() bool { return oursWaiting(b, s, number) == callers })
	}
	<-time.After(2 * time.Second) // what their coming has set going is over
	allBefore, ownBefore := usedBy(b, s)
	<-time.After(window)
	allAfter, ownAfter := usedBy(b, s)
	centerAPI(b, s, "hupall NORMAL_CLEARING")
	waitFor(b, "the callers to be gone", there(0))
	percent := func(d time.Duration) float64 { return 100 * d.Seconds() / window.Seconds() }
	return spent{percent(allAfter - allBefore), percent(ownAfter - ownBefore)}
}
