package main

import (
	"encoding/hex"
	"slices"
	"strings"

	"modcti/events"
)

var tokenNames = []string{"hash", "company", "dns", "rights"}

// items are the elements of one section, in file order, each with its values by name.
type items []map[string]setting

// add puts a row into the element that it belongs to. Rows of one element follow one another.
func (l *items) add(row setting, names []string) error {
	if !slices.Contains(names, row.name) {
		return &settingError{row, "the attribute is unknown; the attributes are " + strings.Join(names, ", ")}
	}
	last := len(*l) - 1
	if last < 0 || (*l)[last]["item"].item != row.item {
		*l = append(*l, map[string]setting{"item": row})
		last++
	}
	if _, twice := (*l)[last][row.name]; twice {
		return &settingError{row, "the attribute was given before; remove one"}
	}
	row.value = strings.TrimSpace(row.value)
	(*l)[last][row.name] = row
	return nil
}

// value returns an attribute of an element; one that is missing has the element's place.
func value(element map[string]setting, name string) setting {
	if row, given := element[name]; given {
		return row
	}
	first := element["item"]
	return setting{section: first.section, name: name, line: first.line, item: first.item}
}

func parseTokens(s *Settings, list items) error {
	seen := map[string]bool{}
	for _, element := range list {
		hash, company := value(element, "hash"), value(element, "company")
		dns, rights := value(element, "dns"), value(element, "rights")
		raw, err := hex.DecodeString(hash.value)
		if err != nil || len(raw) != 32 {
			return wrong(hash, "a SHA-256 as 64 hex digits; ctictl token makes one")
		}
		text := hex.EncodeToString(raw)
		if seen[text] {
			return &settingError{hash, "another token has the same hash; remove one"}
		}
		seen[text] = true
		if company.value != "" && !events.IsCompanyID(company.value) {
			return wrong(company, "1 to 64 letters, digits, dots, dashes or underscores, or leave it out")
		}
		token := Token{HashHex: text, Company: company.value, Line: hash.line}
		if token.DNs = words(dns.value); len(token.DNs) == 0 {
			return wrong(dns, "the numbers it may act for, separated by commas, or *")
		}
		if token.Rights = words(rights.value); len(token.Rights) == 0 || slices.ContainsFunc(token.Rights, unknownRight) {
			return wrong(rights, "some of %s, separated by commas", strings.Join(events.Rights, ", "))
		}
		s.Tokens = append(s.Tokens, token)
	}
	return nil
}

func unknownRight(right string) bool { return !slices.Contains(events.Rights, right) }

// words splits at commas and blanks.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' })
}
