package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/api/webhooks"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// startWebhooks tells the channels of the operator's file until stop is called; without a
// file nothing is told to anybody.
func (o *serving) startWebhooks(ctx context.Context, store *eventstore.Store, groups *projections.Groups, log *slog.Logger) (hooks *webhooks.Hooks, stop func(), err error) {
	to, err := webhooks.ReadDestinations(o.webhooks)
	if err != nil || len(to) == 0 {
		return nil, func() {}, err
	}
	js, err := jetstream.New(store.Conn())
	if err != nil {
		return nil, nil, err
	}
	hooks, err = webhooks.Open(ctx, webhooks.Options{
		Destinations: to, Link: strings.TrimSuffix(cmp.Or(o.mail.link, o.origin), "/"), Store: store, Groups: groups, Stream: js, Replicas: o.replicas, Log: log,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("webhooks: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		hooks.Run(ctx)
	}()
	return hooks, func() { cancel(); <-ended }, nil
}
