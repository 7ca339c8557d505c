package main

import (
	"fmt"
	"strings"
)

// catalogue writes the description of every message, part and object as data.
func catalogue(m *model) (string, error) {
	var w strings.Builder
	w.WriteString(notice)
	w.WriteString("\n// Parts holds the parts that messages share, and the objects inside messages.\n")
	w.WriteString("var Parts = []*Object{\n")
	for _, s := range m.parts() {
		fmt.Fprintf(&w, "&object%s,\n", s.name)
	}
	w.WriteString("}\n")
	for _, s := range m.parts() {
		fmt.Fprintf(&w, "\nvar object%s = Object{\n", s.name)
		if err := describe(&w, s, s.name); err != nil {
			return "", err
		}
		w.WriteString("}\n")
	}
	w.WriteString("\n// Catalogue holds every message, in the order of the specification.\nvar Catalogue = []Entry{\n")
	for _, s := range m.messages() {
		group := strings.ToUpper(s.group[:1]) + s.group[1:]
		fmt.Fprintf(&w, "{Group: Group%s, OnPage: %t, Object: Object{\n", group, !s.extra)
		if err := describe(&w, s, "Event"+s.name); err != nil {
			return "", err
		}
		w.WriteString("}},\n")
	}
	w.WriteString("}\n")
	return w.String(), nil
}

func describe(w *strings.Builder, s *structure, name string) error {
	fmt.Fprintf(w, "Name: %q,\nMeaning: %q,\nClause: %q,\n", name, s.meaning, s.clause)
	var parts, fields []string
	for _, f := range s.members {
		if f.embed != nil {
			if fields != nil {
				return fmt.Errorf("%s: embed %s above the fields: the catalogue lists parts first", s.name, f.embed.name)
			}
			parts = append(parts, "&object"+f.embed.name)
			continue
		}
		fields = append(fields, describeField(f))
	}
	if parts != nil {
		fmt.Fprintf(w, "Parts: []*Object{%s},\n", strings.Join(parts, ", "))
	}
	if fields != nil {
		fmt.Fprintf(w, "Fields: []Field{\n%s\n},\n", strings.Join(fields, "\n"))
	}
	return nil
}

func describeField(f member) string {
	presence := "Always"
	switch {
	case f.full && f.omitEmpty:
		presence = "FullOptional"
	case f.full:
		presence = "FullOnly"
	case f.omitEmpty:
		presence = "Optional"
	}
	return fmt.Sprintf("{%q, %q, %s, %q, %q},", f.key, wireType(f.goType), presence, f.meaning, f.clause)
}

// wireType names a Go type as the catalogue does.
func wireType(goType string) string {
	if element, found := strings.CutPrefix(goType, "[]"); found {
		return wireType(element) + "[]"
	}
	if target, found := strings.CutPrefix(goType, "*"); found {
		return wireType(target) + "?"
	}
	switch goType {
	case "int64", "uint64", "Moment":
		return "integer"
	case "bool":
		return "boolean"
	case "Data":
		return "object"
	}
	return goType
}
