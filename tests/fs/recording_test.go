package fs_test

import (
	"slices"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

// records: what is said while it is recorded is in the file, both sides, and what is said in a pause is not.
func records(d *desk) {
	d.talk()
	both := []int{tones[outside], tones["1001"]}
	m := d.ask("StartRecording", "1001")
	require.Equal(d.t, "EventRecordingChanged", m.MessageID)
	path := m.RecordURL
	packets := func() (talk, silent int) {
		heard, err := lab.Recorded(path, both)
		if err != nil {
			return 0, 0 // it is not there yet
		}
		for _, tones := range heard {
			switch {
			case slices.Equal(tones, both):
				talk++
			case len(tones) == 0:
				silent++
			}
		}
		return talk, silent
	}
	d.recorded(1500)
	d.ask("PauseRecording", "1001")
	d.recorded(1500)
	d.ask("ResumeRecording", "1001")
	d.recorded(1500)
	d.ask("StopRecording", "1001")
	for _, state := range []string{"started", "paused", "resumed", "stopped"} {
		d.told("full: RecordingChanged 1001 other=" + outside + " record=" + state)
	}
	d.until("the file to hold the talk and the pause", func() bool {
		talk, silent := packets()
		return talk > 100 && silent > 50
	})
	talk, silent := packets()
	d.t.Logf("%d packets of talk, %d of silence in %s", talk, silent, path)
	require.Less(d.t, silent, 100, "the pause took 75 packets")
}

// recorded waits until so many milliseconds have been spoken: that many of the customer's packets.
func (d *desk) recorded(millis int) {
	d.t.Helper()
	voice := d.phones[outside].Voice()
	until := voice.Received() + millis/20
	d.until("the talk to go on", func() bool { return voice.Received() >= until })
}
