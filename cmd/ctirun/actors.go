package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"modcti/tests/fs/lab"
)

// actors are the people of the world: they hold the handsets of the second switch, whose every call waits, parked, for
// what they do with it.
type actors struct {
	client *lab.EventSocket
	target string // where they call: host and port of the switch with the module
	people sync.WaitGroup
}

// act lets people call until ctx ends.
func act(ctx context.Context, world *lab.Switch, port int) error {
	client, err := world.EventSocket(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Subscribe(ctx, "CHANNEL_PARK CHANNEL_ANSWER"); err != nil {
		return err
	}
	a := &actors{client: client, target: "127.0.0.1:" + strconv.Itoa(port)}
	defer a.people.Wait()
	a.people.Go(func() { a.call(ctx) })
	for {
		event, err := client.Next(ctx, func(lab.Event) bool { return true })
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		uuid := event.UUID()
		switch {
		case event.Name() == "CHANNEL_PARK" && event.Header["Call-Direction"] == "inbound":
			a.people.Go(func() { a.phoneRings(ctx, uuid) })
		case event.Name() == "CHANNEL_ANSWER":
			a.people.Go(func() { a.talk(ctx, uuid) })
		}
	}
}

// call begins a call every few seconds: most come from outside to an extension, some go out, some stay inside.
func (a *actors) call(ctx context.Context) {
	for wait(ctx, 500, 4000) {
		from, to := outsideNumber(), extension()
		switch rand.IntN(5) {
		case 0:
			from, to = to, from
		case 1:
			from = extension()
		}
		if from == to {
			continue
		}
		a.do(ctx, fmt.Sprintf("bgapi originate {origination_caller_id_number=%s,originate_timeout=12}"+
			"sofia/internal/%s@%s &park()", from, to, a.target))
	}
}

// phoneRings: somebody is called, and mostly answers.
func (a *actors) phoneRings(ctx context.Context, uuid string) {
	if !wait(ctx, 600, 4000) {
		return
	}
	switch rand.IntN(8) {
	case 0:
		a.do(ctx, "api uuid_kill "+uuid+" USER_BUSY")
	case 1: // nobody is there: it rings until the caller gives up
	default:
		a.do(ctx, "api uuid_answer "+uuid)
	}
}

// talk: both sides of a call talk, each until it has had enough; some put the other on hold for a while.
func (a *actors) talk(ctx context.Context, uuid string) {
	if !wait(ctx, 1500, 6000) {
		return
	}
	if rand.IntN(4) == 0 {
		a.do(ctx, "api uuid_hold "+uuid)
		if !wait(ctx, 1000, 3000) {
			return
		}
		a.do(ctx, "api uuid_hold off "+uuid)
	}
	if wait(ctx, 1000, 8000) {
		a.do(ctx, "api uuid_kill "+uuid)
	}
}

// do runs a command. Its answer says nothing that matters here: the other side may have hung up meanwhile.
func (a *actors) do(ctx context.Context, command string) { _, _ = a.client.Command(ctx, command) }

// wait waits a random time between two bounds and tells whether there is still something to do.
func wait(ctx context.Context, fromMillis, toMillis int) bool {
	select {
	case <-time.After(time.Duration(fromMillis+rand.IntN(toMillis-fromMillis)) * time.Millisecond):
		return true
	case <-ctx.Done():
		return false
	}
}

func extension() string { return strconv.Itoa(lab.FirstDN + rand.IntN(lab.LastDN-lab.FirstDN+1)) }

func outsideNumber() string { return fmt.Sprintf("138%08d", rand.IntN(100_000_000)) }
