package identity

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

const (
	feedKeysFile = "feed-keys.json"
	mostFeedKeys = 20 // of one person
)

// feedKeyLasts is how long a feed's key lasts: whoever has its address reads on
// unnoticed, and nobody remembers every reader that they ever gave it to. In its
// last month the feed itself says so, and the account page offers to replace it.
const feedKeyLasts = 365 * 24 * time.Hour

// FeedKeys let feed readers and calendars in, which can't send a token: a key
// stands in the address of one feed and opens that address and nothing else. Only
// their SHA-256 hashes are kept.
type FeedKeys struct{ Keys *kept[feedKey] }

type feedKey struct {
	ID      string    `json:"id"`
	Hash    string    `json:"hash"` // SHA-256 of the key, hexadecimal
	Group   string    `json:"group"`
	Person  string    `json:"person"`  // id
	Address string    `json:"address"` // with its query, without the key
	Made    time.Time `json:"made"`
}

// ends is when the key ends: one from before keys ended, too, a year after it was made.
func (k *feedKey) ends() time.Time { return k.Made.Add(feedKeyLasts) }

// OpenFeedKeys reads the keys.
func OpenFeedKeys(ctx context.Context, store *eventstore.Store) (*FeedKeys, error) {
	records, err := store.Shared(ctx)
	if err != nil {
		return nil, err
	}
	keys := openKept(records, feedKeysFile, func(k *feedKey) string { return k.Hash }, nil)
	return &FeedKeys{keys}, keys.bring(store.Dir(), nil, nil)
}

// feedCaller is whoever made the key in the address, if it is the key of just
// this address and no token is sent; a problem if the key has ended.
func (s *knowing) feedCaller(r *http.Request) (caller.Caller, *problem.Problem, bool) {
	if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return caller.Caller{}, nil, false
	}
	query := r.URL.Query()
	key := query.Get("key")
	if key == "" {
		return caller.Caller{}, nil, false
	}
	query.Del("key")
	hash, address := HashOf(key), feedAddress(r.URL.EscapedPath(), query)
	k, ok := s.FeedKeys.Keys.get(hash)
	if ok = ok && k.Address == address; ok && !s.clock().Before(k.ends()) {
		return caller.Caller{}, problem.New(http.StatusGone, "The address of this feed ended on "+domain.DayOf(k.ends()).Words()+". Its owner can replace it at "+s.guard.Origin(r)+"/account."), true
	}
	return caller.Caller{Group: k.Group, Person: k.Person, Scope: caller.ScopeRead, FeedEnds: k.ends()}, nil, ok
}

func feedAddress(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// FeedFor asks for a key of one feed: of a practice's notices, or of a calendar.
type FeedFor struct {
	Feed     string `json:"feed" enum:"notices,calendar" doc:"notices: what a practice is told; calendar: the days that matter"`
	Practice string `json:"practice,omitempty" doc:"ODS code; needed for notices" maxLength:"60"`
	Person   string `json:"person,omitempty" doc:"of a calendar: handle or id" maxLength:"60"`
}

// address is where the feed is, below the server.
func (f *FeedFor) address(group string) (string, error) {
	at := "/v1/groups/" + url.PathEscape(group)
	query := url.Values{}
	switch {
	case f.Feed == "notices" && f.Practice != "" && f.Person == "":
		return at + "/practices/" + url.PathEscape(f.Practice) + "/feed.atom", nil
	case f.Feed == "calendar" && (f.Person == "" || f.Practice == ""):
		if f.Person != "" {
			query.Set("person", f.Person)
		}
		if f.Practice != "" {
			query.Set("practice", f.Practice)
		}
		return feedAddress(at+"/calendar.ics", query), nil
	}
	return "", problem.Invalid("T1", "A feed is the notices of one practice, or the calendar of the group, of a person or of a practice.")
}

// Feed is a feed with its key. The address is shown this once.
type Feed struct {
	ID      string    `json:"id" doc:"to end it by"`
	Address string    `json:"address" doc:"with its key: whoever has it can read this feed and nothing else"`
	Expires time.Time `json:"expires"`
}

// A FeedLine is a feed without its key.
type FeedLine struct {
	ID      string    `json:"id"`
	Address string    `json:"address"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
}

// FeedList are the feeds of which the caller made keys.
type FeedList struct {
	Feeds []FeedLine `json:"feeds"`
}

type feedKeysInput struct {
	Group string `path:"group" example:"trafford"`
}

type makeFeedKeyInput struct {
	Group string `path:"group" example:"trafford"`
	operation.JSONBody
}

type endFeedKeyInput struct {
	Group string `path:"group" example:"trafford"`
	ID    string `path:"id" example:"1f0c33aa"`
}

type feedOutput struct{ Body Feed }

type feedListOutput struct{ Body FeedList }

// feedOperations make, list and end the keys of feeds.
type feedOperations struct{ *Identity }

// offerFeedKeys registers making, listing and ending one's keys of feeds.
func (s *feedOperations) offerFeedKeys() {
	const at = "/v1/groups/{group}/feed-keys"
	op := operation.Register(s.api, huma.Operation{
		OperationID: "make-feed-key", Method: http.MethodPost, Path: at, Summary: "Create a link to a feed, for a reader that can't send a token.",
		Tags: []string{"server"}, DefaultStatus: http.StatusCreated,
		Errors: []int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	}, s.makeFeedKey)
	op.RequestBody = operation.JSONRequest(s.api.Schemas(), reflect.TypeFor[FeedFor]())
	operation.Register(s.api, huma.Operation{
		OperationID: "feed-keys", Method: http.MethodGet, Path: at, Summary: "The feeds of which you made keys.", Tags: []string{"server"},
	}, s.listFeedKeys)
	operation.Register(s.api, huma.Operation{
		OperationID: "end-feed-key", Method: http.MethodPost, Path: at + "/{id}/end", Summary: "End a feed's key at once.",
		Tags: []string{"server"}, DefaultStatus: http.StatusNoContent,
	}, s.endFeedKey)
}

func (s *feedOperations) makeFeedKey(ctx context.Context, in *makeFeedKeyInput) (*feedOutput, error) {
	me, err := s.personOf(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	if c, err := caller.Of(ctx); err != nil || c.Session == "" || c.Token != "" { // a token that leaked must not outlive its end by a key
		return nil, errors.Join(err, problem.NotYours("L5", "Please sign in to make the address of a feed."))
	}
	var ask FeedFor
	if err := in.LoadInto(&ask); err != nil {
		return nil, err
	}
	feed, err := s.addFeed(in.Group, me, ask)
	if err != nil {
		return nil, err
	}
	return &feedOutput{feed}, nil
}

// addFeed makes a key of the feed for the person.
func (s *knowing) addFeed(group, person string, ask FeedFor) (Feed, error) {
	address, err := ask.address(group)
	if err != nil {
		return Feed{}, err
	}
	k, feed := s.newFeedKey(group, person, address)
	return feed, s.FeedKeys.Keys.change(func(all []feedKey) ([]feedKey, error) {
		mine := 0
		for i := range all {
			if all[i].of(group, person) {
				mine++
			}
		}
		if mine >= mostFeedKeys {
			return nil, problem.NotNow("T1", "You have %d feeds, and no more fit: end one first.", mine)
		}
		return append(all, k), nil
	})
}

// newFeedKey is a new key of the address, and the address with it.
func (s *knowing) newFeedKey(group, person, address string) (feedKey, Feed) {
	secret := newToken()
	k := feedKey{ID: HashOf(secret)[:8], Hash: HashOf(secret), Group: group, Person: person, Address: address, Made: s.clock().UTC().Truncate(time.Second)}
	mark := "?"
	if strings.Contains(address, "?") {
		mark = "&"
	}
	return k, Feed{k.ID, address + mark + "key=" + secret, k.ends()}
}

// renewFeed puts a new key of the same feed in place of the person's.
func (s *knowing) renewFeed(group, person, id string) (feed Feed, err error) {
	err = s.FeedKeys.Keys.change(func(all []feedKey) ([]feedKey, error) {
		i := slices.IndexFunc(all, func(k feedKey) bool { return k.of(group, person) && k.ID == id })
		if i < 0 {
			return nil, problem.NotFound("T1", "You have no feed %q here.", domain.Clip(id))
		}
		all[i], feed = s.newFeedKey(group, person, all[i].Address)
		return all, nil
	})
	return feed, err
}

func (k *feedKey) of(group, person string) bool { return k.Group == group && k.Person == person }

// feedsOf are the feeds of which the person made keys.
func (s *knowing) feedsOf(group, person string) []FeedLine {
	lines := []FeedLine{}
	for _, k := range s.FeedKeys.Keys.those(func(k *feedKey) bool { return k.of(group, person) }) {
		lines = append(lines, FeedLine{k.ID, k.Address, k.Made, k.ends()})
	}
	return lines
}

// endFeed ends the person's key.
func (s *knowing) endFeed(group, person, id string) error {
	return s.FeedKeys.Keys.change(func(all []feedKey) ([]feedKey, error) {
		i := slices.IndexFunc(all, func(k feedKey) bool { return k.of(group, person) && k.ID == id })
		if i < 0 {
			return nil, problem.NotFound("T1", "You have no feed %q here.", domain.Clip(id))
		}
		return slices.Delete(all, i, i+1), nil
	})
}

func (s *feedOperations) listFeedKeys(ctx context.Context, in *feedKeysInput) (*feedListOutput, error) {
	me, err := s.personOf(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	return &feedListOutput{FeedList{s.feedsOf(in.Group, me)}}, nil
}

func (s *feedOperations) endFeedKey(ctx context.Context, in *endFeedKeyInput) (*struct{}, error) {
	me, err := s.personOf(ctx, in.Group)
	if err != nil {
		return nil, err
	}
	return nil, s.endFeed(in.Group, me, in.ID)
}

// personOf is the id of the person of the group who asks.
func (s *feedOperations) personOf(ctx context.Context, group string) (string, error) {
	c, err := s.ledgers.CallerIn(ctx, group)
	if err != nil {
		return "", err
	}
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return "", err
	}
	p := g.State().Person(c.Person)
	if p == nil {
		return "", problem.NotYours("L5", "This is for people of the group.")
	}
	return p.ID, nil
}
