package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"modcti/events"
)

// grant is what a new token lets its holder do: the attributes of a <token>, each a list that commas separate.
type grant struct{ company, dns, rights string }

// newGrant reads the words behind "token". Who does not say more may hear of all numbers, and change nothing.
func newGrant(words []string) (*grant, error) {
	g := &grant{dns: "*", rights: events.RightObserve}
	attributes := map[string]*string{"company": &g.company, "dns": &g.dns, "rights": &g.rights}
	for _, word := range words {
		name, text, valued := strings.Cut(word, "=")
		attribute, known := attributes[name]
		if !valued || !known {
			return nil, fmt.Errorf("%q is no word of token: want company=, dns= or rights=", word)
		}
		*attribute = strings.Trim(text, ",")
		if *attribute == "" {
			return nil, fmt.Errorf("%s is empty", name)
		}
	}
	return g, g.check()
}

func (g *grant) check() error {
	if g.company != "" && !events.IsCompanyID(g.company) {
		return fmt.Errorf("company: 1 to 64 letters, digits, dots, dashes or underscores, not %q", g.company)
	}
	for dn := range strings.SplitSeq(g.dns, ",") {
		if dn != "*" && !events.IsNumber(dn) {
			return fmt.Errorf("dns: %q is no number", dn)
		}
	}
	for right := range strings.SplitSeq(g.rights, ",") {
		if !slices.Contains(events.Rights, right) {
			return fmt.Errorf("rights: %q is none of %s", right, strings.Join(events.Rights, ", "))
		}
	}
	return nil
}

// element is what goes into <tokens>. Nothing in it needs to be escaped: check has seen it.
func (g *grant) element(hash string) string {
	company := ""
	if g.company != "" {
		company = fmt.Sprintf(" company=%q", g.company)
	}
	return fmt.Sprintf("<token hash=%q%s dns=%q rights=%q/>", hash, company, g.dns, g.rights)
}

// makeToken makes a token, and tells it once: the engine is given its hash alone.
func makeToken(words []string, o *options, out io.Writer) error {
	g, err := newGrant(words)
	if err != nil {
		return usageError{err}
	}
	token := rand.Text()
	sum := sha256.Sum256([]byte(token))
	hash := hex.EncodeToString(sum[:])
	shown := token
	if o.tokenFile != "" {
		if err := writeToken(o.tokenFile, token); err != nil {
			return fmt.Errorf("the token cannot be written: %w", err)
		}
		token, shown = "", "what is in "+o.tokenFile
	}
	if o.json {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(struct {
			Token   string `json:"token,omitempty"` // not where it stands in a file
			Hash    string `json:"hash"`
			Element string `json:"element"`
		}{token, hash, g.element(hash)})
	}
	_, err = fmt.Fprintf(out, "%s\n-- goes into <tokens> of cti.conf.xml; then: cti reload\n-- the client shows %s\n",
		g.element(hash), shown)
	return err
}

// writeToken never writes over a token that somebody may be using.
func writeToken(path, token string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(token + "\n")
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}
