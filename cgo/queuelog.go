package main

import (
	"context"
	"time"

	"modcti/engine"
	"modcti/store/queuelog"
)

// queueLogTimeout is how long the queue log may take to write what is left when it ends.
const queueLogTimeout = time.Second

// record hands records to the store, and to the queue log if there is one.
func (s *service) record(records []engine.Record) {
	s.store.Append(records)
	if log := s.queueLog.Load(); log != nil {
		log.Append(records)
	}
}

// openQueueLog begins the queue log of the settings. It goes on from what the store holds.
func (s *service) openQueueLog(path string) error {
	if path == "" {
		return nil
	}
	agents, err := s.store.Agents()
	if err != nil {
		return err
	}
	logins, err := s.store.Logins()
	if err != nil {
		return err
	}
	calls, err := s.routingOfOpenCalls()
	if err != nil {
		return err
	}
	log, err := queuelog.Open(queuelog.Options{
		Path: path, Directory: s.directory.Load().Engine(), Agents: agents, Logins: logins, Calls: calls, Log: s.log,
	})
	if err == nil {
		s.queueLog.Store(log)
	}
	return err
}

// routingOfOpenCalls are the records from which the calls that are up can be told of.
func (s *service) routingOfOpenCalls() (records []engine.Record, err error) {
	open, err := s.store.OpenCalls()
	if err != nil {
		return nil, err
	}
	for i := range open {
		stays, offers, err := s.store.Routing(open[i].Call.CallID)
		if err != nil {
			return nil, err
		}
		for j := range offers {
			records = append(records, engine.Record{Kind: engine.OfferMade, Offer: &offers[j]})
		}
		for j := range stays {
			records = append(records, engine.Record{Kind: engine.QueueEntered, Queue: &stays[j]})
			if stays[j].Outcome != "" {
				records = append(records, engine.Record{Kind: engine.QueueLeft, Queue: &stays[j]})
			}
		}
	}
	return records, nil
}

// reloadQueueLog puts the settings' queue log in force: another file, the same one opened anew, or none.
func (s *service) reloadQueueLog(path string) error {
	log := s.queueLog.Load()
	switch {
	case log == nil:
		s.flushSoon()
		return s.openQueueLog(path)
	case path == "":
		s.closeQueueLog()
		return nil
	}
	return log.Reload(path)
}

// queueLogDropped is how many records the queue log in force has dropped.
func (s *service) queueLogDropped() uint64 {
	if log := s.queueLog.Load(); log != nil {
		return log.Dropped()
	}
	return 0
}

func (s *service) closeQueueLog() {
	log := s.queueLog.Swap(nil)
	if log == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), queueLogTimeout)
	defer cancel()
	if err := log.Close(ctx); err != nil {
		s.log.Warn("the queue log was not closed well", "error", err)
	}
}

// flushSoon has the store write what is queued, and does not wait for long.
func (s *service) flushSoon() {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	_ = s.store.Flush(ctx)
}
