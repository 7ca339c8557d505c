package main

import (
	"regexp"
	"strings"

	"modcti/engine"
	"modcti/events"
)

// DialRule is one <rule> of <dial-plan>: the first that is the company's and matches a number makes its one leg.
type DialRule struct {
	Pattern  *regexp.Regexp
	Company  string // empty = every company
	Leg      string // $0 stands for the number, $1 to $9 for what the pattern caught
	CallerID string // empty = the caller's own number
	Line     int
}

var (
	ruleNames = []string{"pattern", "leg", "caller-id", "company"}

	// A leg is an endpoint and its address. Left out is what makes several legs, variables or applications of a dial
	// string: brackets, braces, comma, bar, quotes, backslash, caret, ampersand, blank, and $ but for $0 to $9.
	legPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*/(?:[A-Za-z0-9/@._+:;=*#%~-]|\$[0-9])+$`)

	callerIDPattern = regexp.MustCompile(`^[A-Za-z0-9+*#._-]{0,64}$`)
	placeholder     = regexp.MustCompile(`\$[0-9]`)
)

func parseRules(s *Settings, list items) error {
	for _, element := range list {
		expression, leg := value(element, "pattern"), value(element, "leg")
		callerID, company := value(element, "caller-id"), value(element, "company")
		rule := DialRule{Company: company.value, Leg: leg.value, CallerID: callerID.value, Line: expression.line}
		if !pattern(&rule.Pattern, expression.value) {
			return wrong(expression, "a regular expression (RE2), such as ^\\d{3,6}$")
		}
		if company.value != "" && !events.IsCompanyID(company.value) {
			return wrong(company, "1 to 64 letters, digits, dots, dashes or underscores, or leave it out for every company")
		}
		if len(leg.value) > textBytesMax || !legPattern.MatchString(leg.value) || strings.Contains(leg.value, ":_:") {
			return wrong(leg, "one leg, such as user/$0@$${domain} or sofia/gateway/trunk/$1: letters, digits, "+
				"/@._+:;=*#%%~- and $0 to $9, no other variables")
		}
		for _, used := range placeholder.FindAllString(leg.value, -1) {
			if int(used[1]-'0') > rule.Pattern.NumSubexp() {
				return wrong(leg, "a leg that uses no more than $%d: the pattern catches no more", rule.Pattern.NumSubexp())
			}
		}
		if !callerIDPattern.MatchString(callerID.value) {
			return wrong(callerID, "at most 64 letters, digits or +*#._-")
		}
		s.DialPlan = append(s.DialPlan, rule)
	}
	return nil
}

// dial is engine.Config.Dial for these settings.
func (s *Settings) dial(company, number string) (engine.Route, bool) {
	if !events.IsNumber(number) {
		return engine.Route{}, false
	}
	for i := range s.DialPlan {
		rule := &s.DialPlan[i]
		if rule.Company != "" && rule.Company != company {
			continue
		}
		if caught := rule.Pattern.FindStringSubmatch(number); caught != nil {
			caught[0] = number
			return engine.Route{Address: fill(rule.Leg, caught), CallerID: rule.CallerID}, true
		}
	}
	return engine.Route{}, false
}

// fill puts what was caught into a leg's places. It works by hand: each request that calls somebody waits for it, and
// a regular expression takes several times as long.
func fill(leg string, caught []string) string {
	var text strings.Builder
	text.Grow(len(leg) + len(caught[0]))
	for {
		before, after, more := strings.Cut(leg, "$")
		text.WriteString(before)
		if !more {
			return text.String()
		}
		text.WriteString(caught[after[0]-'0'])
		leg = after[1:]
	}
}
