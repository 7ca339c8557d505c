package push

import "sync"

// gate counts connections, so that those that never open do not crowd out those that would.
type gate struct {
	mu       sync.Mutex
	closed   bool
	clients  map[*client]struct{}
	unopened map[string]int // by source
	waiting  int            // all of unopened
	opened   int
}

// enter admits a connection, unless its source or all together have too many that are not opened.
func (g *gate) enter(c *client) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.waiting >= unopenedMax || g.unopened[c.source] >= unopenedOfSourceMax {
		return false
	}
	g.clients[c] = struct{}{}
	g.unopened[c.source]++
	g.waiting++
	return true
}

// open lets a connection become a client, unless there are most already.
func (g *gate) open(c *client, most int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened >= most {
		return false
	}
	g.opened++
	c.admitted = true
	g.settle(c)
	return true
}

// settle ends a connection's time as an unopened one.
func (g *gate) settle(c *client) {
	g.waiting--
	g.unopened[c.source]--
	if g.unopened[c.source] == 0 {
		delete(g.unopened, c.source)
	}
}

func (g *gate) leave(c *client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.clients, c)
	if c.admitted {
		g.opened--
	} else {
		g.settle(c)
	}
}

// all returns the connections there are now.
func (g *gate) all() []*client {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]*client, 0, len(g.clients))
	for c := range g.clients {
		list = append(list, c)
	}
	return list
}

// shut admits nobody any more and returns the connections there are. Only one call is the first.
func (g *gate) shut() (list []*client, first bool) {
	g.mu.Lock()
	first = !g.closed
	g.closed = true
	g.mu.Unlock()
	return g.all(), first
}

func (g *gate) count() (opened, unopened int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened, g.waiting
}
