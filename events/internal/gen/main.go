// Command gen writes the encoders and the catalogue of package events from its structs. Run it with go generate.
package main

import (
	"fmt"
	"go/format"
	"os"
	"path/filepath"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes the generated files of the package in folder dir.
func run(dir string) error {
	files, err := generate(dir)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// sources are the files whose structs go over the wire.
var sources = []string{"messages.go", "agents.go", "protocol.go"}

// generate gives the generated files of the package in folder dir, by name.
func generate(dir string) (map[string][]byte, error) {
	var paths []string
	for _, name := range sources {
		paths = append(paths, filepath.Join(dir, name))
	}
	m, err := parse(paths...)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, write := range map[string]func(*model) (string, error){
		"encode_gen.go":    encoders,
		"catalogue_gen.go": catalogue,
	} {
		text, err := write(m)
		if err != nil {
			return nil, err
		}
		if files[name], err = format.Source([]byte(text)); err != nil {
			return nil, fmt.Errorf("%s does not parse: %w", name, err)
		}
	}
	return files, nil
}
