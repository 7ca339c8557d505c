package fs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const (
	please = 2800 // what a box says, Hz
	beeps  = 2900 // and how it says that it listens
)

func init() { tones["please"], tones["beep"] = please, beeps }

// voicemailConfig is a profile whose boxes speak in tones.
var voicemailConfig = `<configuration name="voicemail.conf"><settings/><profiles><profile name="default">` +
	element("param", "name", "file-extension", "value", "wav") + element("param", "name", "min-record-len", "value", "2") +
	element("param", "name", "tone-spec", "value", fmt.Sprintf("%%(1500,0,%d)", beeps)) +
	`</profile></profiles></configuration>`

var voicemailPhrases = `<section name="languages"><language name="en"><phrases><macros>` +
	phrase("voicemail_play_greeting", please) + phrase("voicemail_record_message", please) + `</macros></phrases></language></section>`

// phrase is a tone for a second and a half, whatever the words are of.
func phrase(name string, hertz int) string {
	say := fmt.Sprintf("tone_stream://v=-16;%%(1500,0,%d)", hertz)
	return fmt.Sprintf(`<macro name=%q><input pattern="(.*)"><match>%s</match></input></macro>`, name,
		element("action", "function", "play-file", "data", say))
}

// TestVoicemail: a caller whom nobody serves speaks to a box of the switch's own voicemail, whose message is there
// afterwards; no phone rings.
func TestVoicemail(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join(machine(t).ModDir, "mod_voicemail.so")); err != nil {
		t.Skip("skipped: a FreeSWITCH is here, but not its mod_voicemail")
	}
	config := centerConfig(queueElement("8001", "max-wait-time", "1", "overflow", "timeout voicemail 1005"),
		element("agent", "name", "1001", "contact", "user/1001@127.0.0.1"),
		element("tier", "agent", "1001", "queue", "8001", "level", "1", "position", "1"), "")
	s := startSwitch(t, lab.Options{Sample: []byte("<!-- written later -->")})
	c := startCenterOn(t, s, func(*lab.Switch) lab.Supplement {
		return lab.Supplement{CTI: config, Configurations: voicemailConfig, Sections: voicemailPhrases}
	}, "mod_voicemail")
	c.putPhones(map[string]lab.Phone{"1005": {}})
	for _, answered := range []bool{true, false} {
		t.Run(fmt.Sprint("the caller is answered before: ", answered), func(t *testing.T) {
			local, rig := *c, *c.rig
			rig.t, rig.ctx = t, t.Context()
			local.rig = &rig
			local.leavesMessage(answered)
			c.matched = local.matched
		})
	}
}

// leavesMessage: what he hears is the box, and what he says then is what is in it.
func (c *center) leavesMessage(answered bool) {
	c.t.Helper()
	to := "8001"
	if !answered {
		to = "98001"
	}
	before := c.messages()
	c.caller(to)
	id := c.told("Queued 8001 position=1 otherDN="+outside, "Diverted 8001 thirdDN=1005 callState=Redirected otherDN="+outside).CallID
	c.hears(map[string]string{outside: "please"})
	c.hears(map[string]string{outside: "beep"})
	c.hears(map[string]string{outside: ""})
	var message string
	c.until("the box to write a message", func() bool {
		now := slices.DeleteFunc(c.messages(), func(path string) bool { return slices.Contains(before, path) })
		if len(now) == 1 {
			message = now[0]
		}
		return message != ""
	})
	const long, pieceBytes = 150, 320 // in pieces of 20 ms
	c.until("the message to be long enough", func() bool {
		file, err := os.Stat(message)
		return err == nil && file.Size() > 2*long*pieceBytes
	})
	c.hangUp(outside)
	c.told("Released "+outside+" hangupSide=customer", "CallDeleted "+outside)
	c.never("Ringing *")
	c.recorded([]string{"8001 timeout"}, nil)
	call, parties := c.cdr(id)
	require.Equal(c.t, "Inbound customer", call.text("call_type")+" "+call.text("hangup_side"))
	require.Equal(c.t, "8001", strings.TrimPrefix(call.text("other_dn"), "9"))
	require.Len(c.t, parties, 1)
	require.NotZero(c.t, parties[0].number("answer_millis"), "the box has answered")
	c.until("the box to have it", func() bool {
		return strings.TrimSpace(c.try("vm_boxcount 1005@127.0.0.1")) == fmt.Sprint(len(before)+1)
	})
	heard, err := lab.Recorded(message, []int{tones[outside], please, beeps, lab.Music})
	require.NoError(c.t, err)
	require.Greater(c.t, spoken(heard, tones[outside]), long)
	for _, other := range []int{please, lab.Music} {
		require.Zero(c.t, spoken(heard, other), "%d Hz", other)
	}
}

func spoken(heard [][]int, tone int) (pieces int) {
	for _, tones := range heard {
		if slices.Contains(tones, tone) {
			pieces++
		}
	}
	return pieces
}

// messages are the files in the box.
func (c *center) messages() []string {
	found, err := filepath.Glob(c.Path("storage", "voicemail", "default", "127.0.0.1", "1005", "msg_*.wav"))
	require.NoError(c.t, err)
	return found
}
