package lab

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
)

// directories that the switch is told to use, each by an option of the same name.
var directories = []string{
	"conf", "log", "db", "run", "mod", "storage", "cache", "temp", "recordings", "certs", "scripts", "htdocs",
	"grammar", "sounds",
}

// layOut chooses ports and makes directories and configuration. The path is short: a unix socket goes below it.
func (s *Switch) layOut() error {
	dir, err := os.MkdirTemp("", "ctifs")
	if err != nil {
		return err
	}
	s.Dir = dir
	if err := s.choosePorts(); err != nil {
		return err
	}
	for _, name := range directories {
		if err := os.Mkdir(s.Path(name), 0o750); err != nil {
			return err
		}
	}
	if err := errors.Join(s.linkModules(), s.lendCerts()); err != nil {
		return err
	}
	if err := os.WriteFile(s.Path("conf", "cti.conf.xml"), s.Options.Sample, 0o600); err != nil {
		return err
	}
	return s.Configure(s.Options.Settings)
}

func (s *Switch) choosePorts() error {
	ports, err := freePorts(3 + LastDN - FirstDN + 1)
	if err != nil {
		return err
	}
	s.rtpFirst = takeRange()
	o := s.Options
	s.cfg = config{
		SIPPort: ports[0], EventPort: ports[1], TrunkPort: ports[2], RTPFirst: s.rtpFirst, RTPLast: s.rtpFirst + rtpPortsEach - 1,
		Password: rand.Text(), LogLevel: "info", Modules: o.Modules, Bypass: o.BypassMedia,
		Sample: len(o.Sample) > 0, World: o.World,
	}
	if o.Debug {
		s.cfg.LogLevel = "debug"
	}
	for i, port := range ports[3:] {
		if o.PhonesAt != 0 {
			port, s.cfg.TrunkPort = o.PhonesAt, o.PhonesAt
		}
		s.cfg.Users = append(s.cfg.Users, user{DN: dnOf(i), Port: port})
	}
	return nil
}

// linkModules makes a module directory of links, so that our modules lie among the installed ones as they would in
// production and nothing is installed.
func (s *Switch) linkModules() error {
	for _, dir := range append([]string{s.Install.ModDir}, s.Options.ModuleDirs...) {
		found, err := filepath.Glob(filepath.Join(dir, "*.so"))
		if err != nil {
			return err
		}
		for _, path := range found {
			path, err := filepath.Abs(path)
			if err != nil {
				return err
			}
			link := s.Path("mod", filepath.Base(path))
			if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			if err := os.Symlink(path, link); err != nil {
				return err
			}
		}
	}
	return nil
}
