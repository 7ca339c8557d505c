package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"sync/atomic"
	"time"
)

// Message is one line that the engine sent, with the fields that tests look at.
type Message struct {
	MessageID    string `json:"messageID"`
	Seq          uint64 `json:"seq"`
	ReferenceID  int64  `json:"referenceID"`
	CreationTime int64  `json:"creationTime"`
	CompanyID    string `json:"companyId"`

	CallID    string `json:"callID"`
	PartyID   string `json:"partyID"`
	CallType  string `json:"callType"`
	PartyRole string `json:"partyRole"`
	ThisDN    string `json:"thisDN"`
	OtherDN   string `json:"otherDN"`
	ANI       string `json:"ANI"`
	DNIS      string `json:"DNIS"`
	CallState string `json:"callState"`

	ThisDNRole   string         `json:"thisDNRole"`
	OtherDNRole  string         `json:"otherDNRole"`
	ThirdDN      string         `json:"thirdDN"`
	ThirdDNRole  string         `json:"thirdDNRole"`
	MakeCallType string         `json:"makeCallType"`
	AttachedData map[string]any `json:"attachedData"`
	ConsultStage int64          `json:"consultStage"`
	DTMFDigits   string         `json:"dtmfDigits"`
	SelfLeft     bool           `json:"selfLeft"`
	Supervisor   bool           `json:"supervisor"`
	RecordState  string         `json:"recordState"`
	RecordURL    string         `json:"recordUrl"`

	Times
	BillSec           int64  `json:"billsec"`
	AnswerSec         int64  `json:"answersec"`
	HangupCause       string `json:"hangupCause"`
	HangupDisposition string `json:"hangupDisposition"`
	HangupSide        string `json:"hangupSide"`

	ErrorCode    int64  `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
	RequestName  string `json:"request"` // which was refused
	Detail       string `json:"detail"`
	Gap          bool   `json:"gap"`

	Parties []PartyInfo `json:"parties"` // EventRegistered, EventCallInfo

	Raw  []byte `json:"-"` // the line itself
	Mono int64  `json:"-"` // CLOCK_MONOTONIC when it had been read
}

// PartyInfo is one party in an answer about a call or a DN.
type PartyInfo struct {
	ThisDN, PartyID, PartyRole, State, OtherDN string
	Muted, Observed                            bool
}

// Times are the time fields of EventReleased and EventCallDeleted: Unix ms, 0 when it never happened.
type Times struct {
	StartUepoch    int64 `json:"startUepoch"`
	ProgressUepoch int64 `json:"progressUepoch"`
	AnswerUepoch   int64 `json:"answerUepoch"`
	BridgeUepoch   int64 `json:"bridgeUepoch"`
	LastHoldUepoch int64 `json:"lastHoldUepoch"`
	EndUepoch      int64 `json:"endUepoch"`
}

// Client is a client of the engine on its unix socket.
type Client struct {
	conn     net.Conn
	messages chan Message
	done     chan struct{}
	closed   chan struct{}
	err      error
	asked    atomic.Int64 // the last referenceID
}

// Fields are those of a request beside its name.
type Fields map[string]any

// OpenClient connects to the engine's unix socket and opens; it hears of nothing yet.
func OpenClient(ctx context.Context, socket, profile string) (*Client, error) {
	c, err := ConnectClient(ctx, socket)
	if err != nil {
		return nil, err
	}
	open := map[string]any{"messageID": "RequestOpen", "protocol": 1, "clientName": "lab", "profile": profile}
	if _, err := c.Ask(ctx, open, "EventOpened"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// DialClient connects to the engine's unix socket, opens, and subscribes to everything of the company.
func DialClient(ctx context.Context, socket, profile string) (*Client, error) {
	c, err := OpenClient(ctx, socket, profile)
	if err != nil {
		return nil, err
	}
	subscribe := map[string]any{"messageID": "RequestSubscribe", "scope": "company"}
	if _, err := c.Ask(ctx, subscribe, "EventSubscribed"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// ConnectClient connects and sends nothing yet.
func ConnectClient(ctx context.Context, socket string) (*Client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &Client{
		conn: conn, messages: make(chan Message, eventBacklog), done: make(chan struct{}), closed: make(chan struct{}),
	}
	go c.read()
	return c, nil
}

// Request sends a request with a referenceID of its own and waits for what answers it: the first event that bears the
// reference, or the refusal, whose ErrorCode is not 0. What came before it is dropped.
func (c *Client) Request(ctx context.Context, name string, fields Fields) (Message, error) {
	reference, err := c.Post(name, fields)
	if err != nil {
		return Message{}, err
	}
	m, err := c.Answer(ctx, reference)
	if err != nil {
		err = fmt.Errorf("%s %v: %w", name, fields, err)
	}
	return m, err
}

// Post sends a request and returns its reference.
func (c *Client) Post(name string, fields Fields) (reference int64, err error) {
	reference = c.asked.Add(1)
	request := map[string]any{"messageID": name, "referenceID": reference}
	maps.Copy(request, fields)
	return reference, c.Send(request)
}

// Answer waits for what answers the request of that reference.
func (c *Client) Answer(ctx context.Context, reference int64) (Message, error) {
	m, err := c.Next(ctx, func(m Message) bool { return m.ReferenceID == reference })
	if err != nil {
		err = fmt.Errorf("the request was not answered: %w", err)
	}
	return m, err
}

// Register makes the client the one of these DNs: it hears of them and acts for them.
func (c *Client) Register(ctx context.Context, dns ...string) error {
	for _, dn := range dns {
		m, err := c.Request(ctx, "RequestRegisterDN", Fields{"thisDN": dn})
		if err == nil && m.MessageID != "EventRegistered" {
			err = fmt.Errorf("%s is not registered: %s", dn, m.Raw)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Ask sends a request and returns its answer: the first message of that name, or the refusal that came instead.
func (c *Client) Ask(ctx context.Context, request map[string]any, answer string) (Message, error) {
	if err := c.Send(request); err != nil {
		return Message{}, err
	}
	m, err := c.Next(ctx, func(m Message) bool { return m.MessageID == answer || m.MessageID == "EventPartyError" })
	if err == nil && m.MessageID != answer {
		err = fmt.Errorf("%v was refused: %s", request["messageID"], m.Raw)
	}
	return m, err
}

// Send sends one request.
func (c *Client) Send(request map[string]any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	_, err = c.conn.Write(append(line, '\n'))
	return err
}

// Next returns the next message that want accepts, dropping those before it.
func (c *Client) Next(ctx context.Context, want func(Message) bool) (Message, error) {
	for {
		select {
		case m, ok := <-c.messages:
			if !ok {
				return Message{}, fmt.Errorf("the engine closed the connection: %w", c.err)
			}
			if want(m) {
				return m, nil
			}
		case <-ctx.Done():
			return Message{}, fmt.Errorf("no such message from the engine: %w", context.Cause(ctx))
		}
	}
}

// Close ends the connection and waits for its reader.
func (c *Client) Close() {
	select {
	case <-c.closed:
	default:
		close(c.closed)
	}
	_ = c.conn.Close()
	<-c.done
}

// Closed is closed when the connection has ended, by whichever side.
func (c *Client) Closed() <-chan struct{} { return c.done }

func (c *Client) read() {
	defer close(c.done)
	defer close(c.messages)
	reader := bufio.NewReaderSize(c.conn, 1<<16)
	for {
		line, err := reader.ReadBytes('\n')
		mono := Mono()
		if err != nil {
			c.err = err
			return
		}
		m := Message{Raw: line, Mono: mono}
		if c.err = json.Unmarshal(line, &m); c.err != nil {
			return
		}
		select {
		case c.messages <- m:
		case <-c.closed:
			return
		}
	}
}

// Deaf is a client that subscribes to everything and then reads nothing.
type Deaf struct{ conn net.Conn }

// DialDeaf connects and asks; what is answered stays in the socket.
func DialDeaf(ctx context.Context, socket string) (*Deaf, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	const requests = `{"messageID":"RequestOpen","protocol":1,"clientName":"deaf","profile":"full"}` + "\n" +
		`{"messageID":"RequestSubscribe","scope":"company"}` + "\n"
	if _, err := conn.Write([]byte(requests)); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return &Deaf{conn}, nil
}

// Close ends the connection.
func (d *Deaf) Close() { _ = d.conn.Close() }
