package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Supplement is what a switch is given beside its usual configuration.
type Supplement struct {
	CTI            string // the whole cti.conf.xml
	Extensions     string // of the dialplan, looked at before the usual ones
	Configurations string // of other modules: <configuration> elements
}

// Supply writes a supplement into the configuration of a running switch, which reads it at once. Modules that it is for
// are loaded afterwards, or read it at a reload of theirs.
func (s *Switch) Supply(ctx context.Context, more Supplement) error {
	const sections, context = `<section name="configuration">`, `<context name="default">`
	usual := s.cfg
	usual.Sample = more.CTI != ""
	text, err := usual.render()
	if err != nil {
		return err
	}
	whole := strings.Replace(string(text), sections, sections+more.Configurations, 1)
	whole = strings.Replace(whole, context, context+more.Extensions, 1)
	err = errors.Join(os.WriteFile(s.Path("conf", "cti.conf.xml"), []byte(more.CTI), 0o600),
		os.WriteFile(s.Path("conf", "freeswitch.xml"), []byte(whole), 0o600))
	if err != nil {
		return err
	}
	reply, err := s.API(ctx, "reloadxml")
	if err == nil && !strings.HasPrefix(reply, "+OK") {
		err = fmt.Errorf("reloadxml: %s", reply)
	}
	return err
}
