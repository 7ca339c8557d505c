package fs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"modcti/tests/fs/lab"
)

const painCaller = "13811180001"

// painsStage has what users of other systems report and nothing else here plays; docs/pains.md has the list.
var painsStage = &stage{
	name:    "what users suffer from",
	phones:  map[string]lab.Phone{"1171": {}, "1172": {}, "1173": {}, "1174": {}},
	callers: []string{painCaller},
	queues:  []string{"8171", "8172", "8173"},
	config: func(s *lab.Switch) (r roster) {
		r.queues = queueElement("8171", "wrap-up-time", "1") + queueElement("8173") +
			queueElement("8172", "welcome-sound", forEver(greeting))
		r.agent("1171", []string{"8173"})
		r.agent("1172", []string{"8171"})
		r.agent("1173", []string{"8172"})
		r.direct(s, "1171", "1172", "1173")
		return r
	},
	plays: []scene{
		{"sent on to another queue, each is credited with his own talk", "3.5 OpenACD#69 OpenACD#77 FreePBX#124 AST#759", sentOn},
		{"a call of his own", "3.15 mod_callcenter's warning on external calls", ownCall},
		{"his client is gone, he is not", "3.16 VICIdial LAGGED", clientGone},
		{"his phone loses power in talk", "3.0-2 3.15 opensips#2530 opensips#3123", powerLost},
	},
}

func sentOn(p *play) {
	p.login(isReady, "1172", "1173")
	p.tells("AgentLogin 1172", "AgentLogin 1173")
	p.comes(painCaller, "8171", 1)
	p.rings("1172", "8171", painCaller)
	p.talks("1172", "8171", painCaller)
	p.ask("SingleStepTransfer", "1172", "otherDN", "8172")
	p.tells("AgentNotReady 1172 reasonCode=4", "Released 1172 callState=Transferred hangupSide=agent", "Queued 8172 otherDN="+painCaller)
	p.rings("1173", "8172", painCaller)
	p.hears(map[string]string{painCaller: "greeting"})
	p.answer("1173") // who does not wait for the end of it
	p.tellsTogether("PartyChanged "+painCaller+" otherDN=1173 thirdDN=1172", "Established 1173 thisQueue=8172")
	p.hears(map[string]string{painCaller: "1173", "1173": painCaller, "1172": ""})
	p.tells("AgentReady 1172 reasonCode=4") // so long they talk
	p.is("1172", isReady, "idle", "free")
	p.hangUp(painCaller)
	p.tellsTogether("Released "+painCaller+" hangupSide=customer", "Released 1173 hangupSide=customer")
	p.tells("CallDeleted " + painCaller)
	p.stays("8171", painCaller+" answered")
	p.stays("8172", painCaller+" answered")
	p.record(0, "Inbound "+painCaller+" 8171 customer", painCaller+" Customer 8172*", "1172 Agent 8171*", "1173 Agent 8172*")
	talks := p.query("select this_dn, bridge_millis as since, end_millis as till from party where party_role = 'Agent' and call_id in " +
		p.callList() + " order by id")
	require.LessOrEqual(p.t, talks[0].number("till"), talks[1].number("since"))
}

// ownCall: who talks to somebody else is offered nobody, and is called as soon as he has hung up.
func ownCall(p *play) {
	p.login(isReady, "1172")
	p.tells("AgentLogin 1172")
	phone := p.phones["1172"]
	own := p.call(lab.Caller{From: "1172", To: "1174", Tone: p.says["1172"]})
	p.phones["1172"] = phone
	p.tells("CallCreated 1172 callType=Internal", "Dialing 1172 otherDN=1174", "Ringing 1174", "OtherRinging 1172")
	p.answer("1174")
	p.tellsTogether("Established 1172 otherDN=1174", "Established 1174 otherDN=1172")
	p.is("1172", isReady, "talking", "busy")
	p.comes(painCaller, "8171", 1)
	p.hears(map[string]string{painCaller: "music"})
	ctx, cancel := p.soon()
	defer cancel()
	require.NoError(p.t, own.HangUp(ctx))
	p.tellsTogether("Released 1172 wrapUpDuration=0", "Released 1174", "CallDeleted 1172", "Diverted 8171 thirdDN=1172",
		"Ringing 1172 thisQueue=8171")
	p.reached("1172", "rings")
	p.talks("1172", "8171", painCaller)
	p.leavesTalk(painCaller, "1172", "1172")
	p.offers("8171", "1172 answered")
}

// clientGone: the connection of his program breaks while he waits for a call. He goes on working by his phone; the program
// is told at its return what he does.
func clientGone(p *play) {
	p.login(isReady, "1172")
	p.tells("AgentLogin 1172")
	p.asker.Close()
	p.comes(painCaller, "8171", 1)
	p.rings("1172", "8171", painCaller)
	p.talks("1172", "8171", painCaller)
	ctx, cancel := p.soon()
	defer cancel()
	again, err := lab.OpenClient(ctx, p.socket(), "full")
	require.NoError(p.t, err)
	defer again.Close()
	m, err := again.Request(ctx, "RequestRegisterDN", lab.Fields{"thisDN": "1172"})
	require.NoError(p.t, err)
	require.Len(p.t, m.Parties, 1)
	require.Equal(p.t, painCaller+" Talk", m.Parties[0].OtherDN+" "+m.Parties[0].State)
	require.True(p.t, strings.Contains(string(m.Raw), `"agentState":1`), "%s", m.Raw)
	p.leavesTalk(painCaller, "1172", "1172")
}

// powerLost: the phone does not answer the BYE, and the agent is free all the same.
func powerLost(p *play) {
	require.Contains(p.t, p.try("cti agent 1171 login"), "+OK")
	p.tells("AgentLogin 1171")
	p.comes(painCaller, "8173", 1)
	p.rings("1171", "8173", painCaller)
	p.talks("1171", "8173", painCaller)
	p.phones["1171"].Stop()
	p.hangUp(painCaller)
	p.tellsTogether("Released "+painCaller, "Released 1171 hangupSide=customer")
	p.tells("CallDeleted " + painCaller)
	p.is("1171", isReady, "idle", "free")
}

// TestPains: what docs/pains.md names as its proof is there.
func TestPains(t *testing.T) {
	root, err := lab.Root()
	require.NoError(t, err)
	page, err := os.ReadFile(filepath.Join(root, "docs", "pains.md"))
	require.NoError(t, err)
	sources, scripts := "", map[string]bool{}
	err = filepath.WalkDir(filepath.Join(root, "tests"), func(path string, at fs.DirEntry, err error) error {
		switch {
		case strings.HasSuffix(path, "_test.go"):
			text, failed := os.ReadFile(path)
			sources, err = sources+string(text), failed
		case strings.HasSuffix(path, ".txt"):
			scripts[at.Name()] = true
		}
		return err
	})
	require.NoError(t, err)
	named := regexp.MustCompile("`((?:Test|Benchmark)\\w+)(?:/([^`]+))?`|`(\\w+\\.txt)`").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		if script := name[3]; script != "" {
			require.True(t, scripts[script], script)
			continue
		}
		require.True(t, strings.Contains(sources, "func "+name[1]+"("), name[1])
		require.True(t, strings.Contains(sources, `"`+name[2]+`"`) || name[2] == "", "%s/%s", name[1], name[2])
	}
}
