package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func templateOf(t *testing.T, rows ...setting) *Settings {
	s, err := parseSettings(with(rows...))
	require.NoError(t, err)
	return s
}

// TestRecordPath: as in mod_callcenter, in the zone of time-zone (settings.md).
func TestRecordPath(t *testing.T) {
	at := time.Date(2026, 3, 4, 22, 5, 6, 789_000_000, time.UTC)
	for _, row := range []struct{ template, want string }{
		{"/rec/${strftime(%Y-%m-%d-%H-%M-%S)}.${uuid}.wav", "/rec/2026-03-05-06-05-06.a1b2.wav"},
		{"/rec/${strftime(%Y/%m/%d)}/${cti_call_id}/${cti_party_id}-${strftime(%s)}.mp3", "/rec/2026/03/05/c3d4/a1b2-1772661906.mp3"},
		{"/rec/${strftime(%y%j%H%M%S)}_${uuid}.wav", "/rec/26064060506_a1b2.wav"},
		{"/rec/${strftime(%FT%H%M%S)}${uuid}.wav", "/rec/2026-03-05T060506a1b2.wav"},
	} {
		s := templateOf(t, paramRow("record-template", row.template), paramRow("time-zone", "Asia/Shanghai"))
		require.Equal(t, row.want, s.recordPath("c3d4", "a1b2", at.UnixMicro()))
	}
}

// TestRecordTemplatesRefused: names that a caller chooses, what the switch would expand, and templates by which one
// recording would be written over another.
func TestRecordTemplatesRefused(t *testing.T) {
	const good = "${strftime(%S)}${uuid}"
	for _, template := range []string{
		"rec/" + good + ".wav", "/rec/" + good, "/rec/" + good + ".w", "/rec/${uuid}.wav", "/rec/${strftime(%S)}.wav",
		"/rec/${cti_call_id}${strftime(%S)}.wav", "/rec/${strftime(%F)}${uuid}.wav", "/rec/" + good + "${destination_number}.wav",
		"/rec/" + good + "${system(id)}.wav", "/rec/" + good + "${strftime(%x)}.wav", "/rec/" + good + "${strftime(%)}.wav",
		"/rec/" + good + "${strftime(a b)}.wav", "/rec/" + good + "$${x}.wav", "/rec/" + good + "$x.wav", "/rec/" + good + "{a=b}.wav",
		"/rec/../" + good + ".wav", "/rec/.${strftime()}./" + good + ".wav", "/rec/a b" + good + ".wav", "/rec/" + good + "\n.wav",
		"/rec/" + good + "'.wav", "/rec/é" + good + ".wav", "/rec/" + strings.Repeat("x", textBytesMax) + good + ".wav",
		"shell_stream://" + good + ".wav", "/rec/${strftime(%S)}${uuid.wav", "/rec/" + good + ",b.wav",
	} {
		_, err := parseSettings(with(paramRow("record-template", template)))
		require.ErrorContains(t, err, "at line 7: give at most 1024 bytes: an absolute path", "%q", template)
	}
}

// FuzzRecordPath: whatever stands in cti_call_id, a dialplan's to choose, the file is where the template puts it.
func FuzzRecordPath(f *testing.F) {
	f.Add("c3d4", "a1b2", int64(1_772_661_906_000_000))
	f.Add("../../etc/x", "/..", int64(0))
	f.Add("${system(id)}", "a\x00\n", int64(-1))
	f.Add("", "", int64(1<<62))
	s, err := parseSettings(with(paramRow("record-template", "/rec/.${cti_call_id}./${strftime(%s)}.${uuid}.wav"),
		paramRow("time-zone", "UTC")))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, callID, partyID string, wallMicros int64) {
		require.Regexp(t, `^/rec/\.[A-Za-z0-9_-]+\./-?\d+\.[A-Za-z0-9_-]+\.wav$`, s.recordPath(callID, partyID, wallMicros))
	})
}
