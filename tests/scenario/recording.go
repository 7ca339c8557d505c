package scenario

import (
	"time"

	"github.com/stretchr/testify/require"
)

// records: what is said while it is recorded is in the file, both sides, and what is said in a pause is not.
func records(d *Desk) {
	const spell = 1500 * time.Millisecond
	d.talk()
	m := d.ask("StartRecording", "1001")
	require.Equal(d.T, "EventRecordingChanged", m.MessageID)
	d.Talk(spell)
	d.ask("PauseRecording", "1001")
	d.Talk(spell)
	d.ask("ResumeRecording", "1001")
	d.Talk(spell)
	d.ask("StopRecording", "1001")
	for _, state := range []string{"started", "paused", "resumed", "stopped"} {
		d.told("full: RecordingChanged 1001 other=" + Outside + " record=" + state)
	}
	var talk, silence time.Duration
	d.until("the file to hold the talk and the pause", func() bool {
		talk, silence = d.Recording(m.RecordURL, Outside, "1001")
		return talk > spell && silence > spell*2/3
	})
	d.T.Logf("%v of talk, %v of silence in %s", talk, silence, m.RecordURL)
	require.Less(d.T, silence, spell*4/3, "the pause took %v", spell)
}
