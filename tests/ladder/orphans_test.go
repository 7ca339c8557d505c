package ladder

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/engine/script"
)

// parted are the two after the engine has let one of them wait.
const parted = `
+5 unbridged a with=b
+0 unbridged b with=a`

const consulted = talk + `request InitiateConsult thisDN=1001 otherDN=1002 ref=1 client=1
+20 created n1 out from=1001 to=1002 user=1002
+3 ringing n1` + parted

const made = `+0 request MakeCall thisDN=1001 otherDN=1002 ref=1 client=1
+20 created n1 out from=1002 to=1001 user=1001
+3 ringing n1`

// orphans are operations that a restart cuts off: what the switch shows after it, and what must be done then.
var orphans = []struct {
	name, before, found string
	want                []string
}{
	{
		"his own phone rings", made, "+0 found n1 out from=1002 to=1001 user=1001 state=ringing flags=placed",
		[]string{"hangup n1 ORIGINATOR_CANCEL"},
	},
	{
		"his own phone was picked up meanwhile", made, "+0 found n1 out from=1002 to=1001 user=1001 state=active flags=placed",
		[]string{"hangup n1 NORMAL_CLEARING"},
	},
	{
		"whom he calls was picked up meanwhile", made + `
+100 answered n1
+20 created n2 out from=1001 to=1002 user=1002
+3 ringing n2`,
		`+0 found n1 out from=1002 to=1001 user=1001 state=active flags=placed
+0 found n2 out from=1001 to=1002 user=1002 state=active flags=placed`,
		[]string{"bridge n1 n2"},
	},
	{
		"who is consulted rings", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found b out from=13912345678 to=1001 user=1001 state=active flags=placed
+0 found n1 out from=1001 to=1002 user=1002 state=ringing flags=placed`,
		[]string{"bridge b a", "hangup n1 ORIGINATOR_CANCEL"},
	},
	{
		"who is consulted was picked up meanwhile", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found b out from=13912345678 to=1001 user=1001 state=active flags=placed
+0 found n1 out from=1001 to=1002 user=1002 state=active flags=placed`,
		[]string{"bridge b a", "hangup n1 NORMAL_CLEARING"},
	},
	{
		"who was to consult has gone", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found n1 out from=1001 to=1002 user=1002 state=ringing flags=placed`, nil,
	},
	{
		"who was held is alone", consulted, "+0 found a in from=13912345678 to=1001 state=active flags=placed",
		[]string{"hangup a NORMAL_CLEARING"},
	},
	{
		"who is consulted talks", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found b out from=13912345678 to=1001 user=1001 state=active other=n1 flags=placed
+0 found n1 out from=1001 to=1002 user=1002 state=active other=b`,
		[]string{"wait a music"},
	},
	{
		"a supervisor's phone rings", talk + `request BargeIn thisDN=1003 thirdDN=1001 ref=1 client=1
+20 created n1 out from=13912345678 to=1003 user=1003
+3 ringing n1`,
		`+0 found a in from=13912345678 to=1001 state=active other=b
+0 found b out from=13912345678 to=1001 user=1001 state=active other=a
+0 found n1 out from=13912345678 to=1003 user=1003 state=ringing flags=placed`,
		[]string{"hangup n1 ORIGINATOR_CANCEL"},
	},
	{
		"one of them is in their room", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed,engaged
+0 found b out from=13912345678 to=1001 user=1001 state=active flags=placed`,
		[]string{"bridge b a"},
	},
	{
		"all of them are in their room", consulted, `+0 found a in from=13912345678 to=1001 state=active flags=placed,engaged
+0 found b out from=13912345678 to=1001 user=1001 state=active flags=placed,engaged
+0 found n1 out from=1001 to=1002 user=1002 state=active flags=placed,engaged`, nil,
	},
	{
		"the dialplan has them", talk + "timer", `+0 found a in from=13912345678 to=1001 state=active
+0 found b out from=13912345678 to=1001 user=1001 state=active`, nil,
	},
}

// TestOperationsCutOff: whoever an operation of the last run has put somewhere is not left alone there, and no phone rings on for
// nobody; who talks to somebody talks on (3.14; architecture 11).
func TestOperationsCutOff(t *testing.T) {
	for _, o := range orphans {
		t.Run(o.name, func(t *testing.T) {
			r, clock := restarted(t, o.before)
			r.play(t, clock, "+500 timer\n+1 snapshot-begin\n"+o.found+"\n+0 snapshot-end")
			require.Equal(t, o.want, r.ordered())
			r.destroyAll(legNames(inputsOf(t, clock, "+0 destroyed a\n+0 destroyed b\n+0 destroyed n1\n+0 destroyed n2")))
			require.Zero(t, r.Engine.Stats().Calls)
			require.Len(t, r.Fold.CDRs(), 1)
			require.Zero(t, r.Fold.Faults)
		})
	}
}

// TestOperationsCutOffGoOn: who rings for somebody is joined with him when he picks up, and who waits for one of two who talk is
// joined with him when they part.
func TestOperationsCutOffGoOn(t *testing.T) {
	r, clock := restarted(t, talk+`request SingleStepTransfer thisDN=1001 otherDN=1002 ref=1 client=1`+parted+`
+1 hangup b cause=NORMAL_CLEARING
+5 ended b send_bye cause=NORMAL_CLEARING
+0 destroyed b
+20 created n1 out from=13912345678 to=1002 user=1002
+3 ringing n1`)
	r.play(t, clock, `+500 timer
+1 snapshot-begin
+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found n1 out from=13912345678 to=1002 user=1002 state=ringing flags=placed
+0 snapshot-end`)
	require.Empty(t, r.ordered())
	r.play(t, clock, "+100 answered n1")
	require.Equal(t, []string{"bridge a n1"}, r.ordered())

	r, clock = restarted(t, consulted)
	r.play(t, clock, `+500 timer
+1 snapshot-begin
+0 found a in from=13912345678 to=1001 state=active flags=placed
+0 found b out from=13912345678 to=1001 user=1001 state=active other=n1 flags=placed
+0 found n1 out from=1001 to=1002 user=1002 state=active other=b
+0 snapshot-end`)
	r.ordered()
	r.play(t, clock, `+500 unbridged b with=n1
+0 hangup n1 recv_bye cause=NORMAL_CLEARING
+5 ended n1 recv_bye cause=NORMAL_CLEARING`)
	require.Equal(t, []string{"bridge b a"}, r.ordered())
}

// TestOperationsCutOffHalfway: what the last run had ordered parts two after the first snapshot, and one of them is put nowhere.
// The next snapshot shows him alone: he waits for the others of his call, and is told so once.
func TestOperationsCutOffHalfway(t *testing.T) {
	const room = "\n+0 found a in from=13912345678 to=1001 state=active flags=placed,engaged"
	r, clock := restarted(t, consulted)
	r.play(t, clock, "+500 timer\n+1 snapshot-begin"+room+`
+0 found b out from=13912345678 to=1001 user=1001 state=active other=n1 flags=placed,engaged
+0 found n1 out from=1001 to=1002 user=1002 state=active other=b flags=placed
+0 snapshot-end
+4 unbridged n1 with=b
+0 unbridged b with=n1
+2 room-joined b room=r`)
	require.Empty(t, r.ordered(), "b is on his way")
	for _, want := range [][]string{{"wait n1 music"}, nil} {
		r.play(t, clock, "+5000 timer\n+1 snapshot-begin"+room+`
+0 found b out from=13912345678 to=1001 user=1001 state=active flags=placed,engaged
+0 found n1 out from=1001 to=1002 user=1002 state=active flags=placed
+0 snapshot-end`)
		require.Equal(t, want, r.ordered())
	}
}

// restarted plays a call until the module goes, and gives the engine of the next load.
func restarted(t *testing.T, before string) (*Run, *script.Clock) {
	clock := &script.Clock{MonoNanos: StartMono, WallMicros: StartWall}
	first := NewRun(&Scene{})
	first.play(t, clock, before)
	require.NoError(t, first.broken)
	r := NewRun(&Scene{AuditMillis: 5000, Open: first.Fold.Open()})
	r.legs, r.names, r.callOf, r.Fold = first.legs, first.names, first.callOf, first.Fold
	return r, clock
}

func (r *Run) play(t *testing.T, clock *script.Clock, text string) {
	for _, in := range inputsOf(t, clock, text) {
		r.Step(in)
	}
}

// ordered takes out what the switch was told to do with legs.
func (r *Run) ordered() (commands []string) {
	for _, line := range r.Told {
		if command, is := strings.CutPrefix(line, "command "); is && !strings.HasPrefix(command, "snapshot") {
			commands = append(commands, command)
		}
	}
	r.Told = slices.DeleteFunc(r.Told, func(string) bool { return true })
	return commands
}
