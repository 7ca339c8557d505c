package lab

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"strconv"
	"text/template"
)

//go:embed freeswitch.xml.tmpl
var configText string

var configTemplate = template.Must(template.New("freeswitch.xml").Funcs(template.FuncMap{"attr": attr}).Parse(configText))

// FirstDN and LastDN bound the extensions that every lab has; each has a SIP port of its own for its phone.
const (
	FirstDN = 1001
	LastDN  = 1010
)

// Setting is one row of cti.conf.xml's settings.
type Setting struct{ Name, Value string }

type user struct {
	DN   string
	Port int
}

// config is what the template is filled with.
type config struct {
	SIPPort, EventPort, TrunkPort int
	RTPFirst, RTPLast             int
	Password                      string
	LogLevel                      string
	Modules                       []string
	Settings                      []Setting
	Users                         []user
	Bypass, Sample, World         bool
}

// Music and Ringback are what the switch plays to somebody on hold, and to somebody for whom it rings.
func (c *config) Music() string { return playedTone(Music) }

func (c *config) Ringback() string { return playedTone(Ringback) }

// playedTone is a tone for ever, about as loud as a phone's.
func playedTone(hertz int) string {
	return fmt.Sprintf("tone_stream://v=-16;%%(1000,0,%d);loops=-1", hertz)
}

func (c *config) render() ([]byte, error) {
	var out bytes.Buffer
	err := configTemplate.Execute(&out, c)
	return out.Bytes(), err
}

// attr writes a value as the inside of an XML attribute.
func attr(value string) (string, error) {
	var out bytes.Buffer
	err := xml.EscapeText(&out, []byte(value))
	return out.String(), err
}

func dnOf(i int) string { return strconv.Itoa(FirstDN + i) }
