package events

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// benchMessages are events of an ordinary call with the values that they have there.
func benchMessages() []Message {
	header := Header{Seq: 1<<32 + 123456, CreationTime: 1637128416617_000, CompanyID: "30f80aa47cde4b10bd89484aeab63691"}
	call := CallPart{
		CallID: "4dce61ec399644029fab7e8251da9bf1", PartyID: "5dce61ec399644029fab7e8251da9bf1", CallType: Outbound,
		PartyRole: Agent, ThisDN: "1001", OtherDN: "13988886666", ANI: "01088886666", DNIS: "13988886666",
		AttachedData: Data{{"campaignID", `"123"`}, {"contactSN", `"456"`}},
	}
	return []Message{
		&Ringing{Header: header, CallPart: call, ThisDNRole: Destination, OtherDNRole: Origination, ThisQueue: "8001"},
		&Released{
			Header: header, CallPart: call, MakeCallType: Regular, BillSec: 100, AnswerSec: 12,
			StartUepoch: 1637128300617_000, ProgressUepoch: 1637128301617_000, AnswerUepoch: 1637128316617_000,
			BridgeUepoch: 1637128316618_000, EndUepoch: 1637128416617_000, HangupCause: "NORMAL_CLEARING",
			EarlyDetectCause: DetectAnswered, HangupDisposition: "recv_bye", HangupSide: SideCustomer,
		},
		&CallCreated{Header: header, CallID: call.CallID, ThisDN: "1001", CallType: Outbound, DNIS: call.DNIS},
	}
}

func short(m Message) string { return strings.TrimPrefix(m.Name(), "Event") }

func BenchmarkEncode(b *testing.B) {
	for _, m := range benchMessages() {
		b.Run(short(m), func(b *testing.B) {
			dst := make([]byte, 0, 4096)
			b.ReportAllocs()
			for b.Loop() {
				dst = m.AppendJSON(dst[:0], Full)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}

func BenchmarkEncodeJSON(b *testing.B) {
	for _, m := range benchMessages() {
		b.Run(short(m), func(b *testing.B) {
			var out bytes.Buffer
			encoder := json.NewEncoder(&out)
			encoder.SetEscapeHTML(false)
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				if err := encoder.Encode(m); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(out.Len()))
		})
	}
}

// BenchmarkEncodeRatio runs both encoders in turns on the same message and reports the time of AppendJSON as a share
// of that of encoding/json, so that whatever else the machine does falls on both alike.
func BenchmarkEncodeRatio(b *testing.B) {
	const turn = 200
	for _, m := range benchMessages() {
		b.Run(short(m), func(b *testing.B) {
			dst := make([]byte, 0, 4096)
			var out bytes.Buffer
			encoder := json.NewEncoder(&out)
			encoder.SetEscapeHTML(false)
			var ours, theirs time.Duration
			for b.Loop() {
				start := time.Now()
				for range turn {
					dst = m.AppendJSON(dst[:0], Full)
				}
				between := time.Now()
				for range turn {
					out.Reset()
					if err := encoder.Encode(m); err != nil {
						b.Fatal(err)
					}
				}
				ours, theirs = ours+between.Sub(start), theirs+time.Since(between)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "of-json")
		})
	}
}

func BenchmarkEncodeWithReference(b *testing.B) {
	shared := benchMessages()[1].AppendJSON(nil, Full)
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		dst = WithReference(dst[:0], shared, 123456)
	}
}
