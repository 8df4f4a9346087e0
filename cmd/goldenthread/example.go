package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"goldenthread/api/identity"
	"goldenthread/api/lists"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// The example places. Each is a folder with a story: a script of ordinary
// commands with a clock that follows it, so that recorded times are the
// story's too.
//
//	# a comment
//	on 2026-01-05 10:00             sets the clock, in London; what becomes due on the way is settled on its day
//	cd-north: consent {"proposal":"P1","version":1}
//	  refused C3                    the line above must be refused by that rule; without this it must not be
//	manager: import-ods organisations.csv memberships.csv
//	in greater-manchester           what follows is said in another group
//	open = cd-west: raise-proposal  {open} is what that made, in what follows
//
// A line that ends in \ goes on. @trafford/P8 is the index of that agreement.
//
//go:embed example
var examples embed.FS

const (
	exampleTokens  = "example-tokens.json"
	exampleLoading = "example-loading" // is there while a story is being told, and stays if that is broken off
)

var errHalfLoaded = errors.New("the example was broken off while it was loaded, so this folder holds a part of it; delete the folder and start again")

// checkWhole refuses a folder in which an example was not loaded to its end, or a
// backup not restored to its end.
func checkWhole(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, restoringFile)); err == nil {
		return errHalfRestored
	}
	if _, err := os.Stat(filepath.Join(dir, exampleLoading)); err == nil {
		return errHalfLoaded
	}
	return nil
}

// loadExample tells the story of the place into an empty folder, and how it went on up to
// that moment, and gives its people tokens.
func loadExample(ctx context.Context, dir, place string, until time.Time, log *slog.Logger) (err error) {
	story, err := examples.ReadFile(path.Join("example", place, "story.txt"))
	if err != nil {
		return fmt.Errorf("there is no example place %q; there is: %s", place, strings.Join(exampleNames(), ", "))
	}
	began := time.Now()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, exampleLoading), nil, 0o600); err != nil {
		return err
	}
	t := &telling{group: place, place: place, made: map[string]string{}}
	t.store, t.groups, err = folder.Open(ctx, eventstore.Options{Dir: dir, Clock: t.now, Log: log})
	if err != nil {
		return err
	}
	err = t.tell(ctx, story)
	if err == nil {
		err = t.goOn(ctx, until)
	}
	if err == nil {
		err = t.giveTokens(ctx, dir)
	}
	if err := errors.Join(err, folder.Close(t.store)); err != nil {
		return fmt.Errorf("load the example: %w", err)
	}
	log.Info("the example is loaded", "place", place, "events", t.store.Next(place), "took", time.Since(began).Round(time.Millisecond))
	return os.Remove(filepath.Join(dir, exampleLoading))
}

func exampleNames() []string {
	var names []string
	entries, err := fs.ReadDir(examples, "example")
	must(err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// giveTokens makes a token for each person, by handle in their group, puts them on
// their groups' records, and writes them where only the owner reads.
func (t *telling) giveTokens(ctx context.Context, dir string) error {
	tokens, err := identity.OpenTokens(ctx, t.store)
	if err != nil {
		return err
	}
	made, ways := map[string]string{}, map[string][]domain.WayBefore{}
	people := t.people()
	for _, person := range slices.Sorted(maps.Keys(people)) {
		group := people[person]
		if made[person], err = tokens.Issue(group, person); err != nil {
			return err
		}
		g, err := t.groups.Now(ctx, group, nil)
		if err != nil {
			return err
		}
		way := domain.WayOf(domain.TokenWay, sha256.Sum256([]byte(made[person])))
		ways[group] = append(ways[group], domain.WayBefore{Person: g.State().Person(person).ID, Way: way, Scope: domain.MayAct})
	}
	for _, group := range slices.Sorted(maps.Keys(ways)) {
		command := &domain.BeginAccess{Ways: ways[group]}
		_, err := t.store.Execute(ctx, domain.Request{
			Group: group, ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("goldenthread/example/"+group)), Hash: domain.HashOf(command),
			Actor: domain.Operator, Way: domain.ByOperator, Command: command,
		})
		if err != nil {
			return err
		}
	}
	b, err := json.Marshal(made, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, exampleTokens), append(b, '\n'), 0o600)
}

// A telling is a story being told.
type telling struct {
	group, place string
	store        *eventstore.Store
	groups       *projections.Groups
	clock        atomic.Int64 // ms since 1970
	line         int
	refused      *domain.Refusal   // of the line before, until it is seen that this was expected
	made         map[string]string // what commands made, by the name that a line gives it: "P1","P2"
}

func (t *telling) now() time.Time { return time.UnixMilli(t.clock.Load()) }

// people is everybody of whom the story tells, and in which group.
func (t *telling) people() map[string]string {
	groupOf := map[string]string{}
	for _, group := range t.groups.Names() {
		g, err := t.groups.Now(context.Background(), group, nil)
		must(err)
		for _, p := range g.People(domain.DayOf(t.now())).People {
			groupOf[p.Handle] = group
		}
	}
	return groupOf
}

// tell tells the story line by line.
func (t *telling) tell(ctx context.Context, story []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(story))
	for lines.Scan() {
		t.line++
		line, first := lines.Text(), t.line
		for strings.HasSuffix(line, `\`) && lines.Scan() {
			t.line++
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines.Text())
		}
		if err := t.do(ctx, line); err != nil {
			return fmt.Errorf("line %d: %w", first, err)
		}
	}
	return errors.Join(lines.Err(), t.unexpected())
}

var (
	actLine       = regexp.MustCompile(`^([a-z-]+): ([a-z-]+) (.*)$`)
	namedLine     = regexp.MustCompile(`^([a-z]+) = (.*)$`)
	madePlace     = regexp.MustCompile(`\{[a-z]+\}`)
	agreementMark = regexp.MustCompile(`@[a-z-]+/P\d+`)
)

// agreementIndex is the index of the agreement that the mark names.
func (t *telling) agreementIndex(mark string) string {
	group, number, _ := strings.Cut(mark[1:], "/")
	g, err := t.groups.Now(context.Background(), group, nil)
	must(err)
	return strconv.FormatUint(g.State().Proposals[number].Agreement, 10)
}

func (t *telling) do(ctx context.Context, line string) error {
	if rule, ok := strings.CutPrefix(line, "  refused "); ok {
		return t.expected(rule)
	}
	if err := t.unexpected(); err != nil {
		return err
	}
	if line == "" || strings.HasPrefix(line, "#") {
		return nil
	}
	if moment, ok := strings.CutPrefix(line, "on "); ok {
		return t.setClock(ctx, moment)
	}
	if group, ok := strings.CutPrefix(line, "in "); ok {
		t.group = group
		return nil
	}
	line = madePlace.ReplaceAllStringFunc(line, func(place string) string { return cmp.Or(t.made[strings.Trim(place, "{}")], place) })
	name := ""
	if named := namedLine.FindStringSubmatch(line); named != nil {
		name, line = named[1], named[2]
	}
	act := actLine.FindStringSubmatch(agreementMark.ReplaceAllStringFunc(line, t.agreementIndex))
	if act == nil {
		return fmt.Errorf("%q is not a line of a story", line)
	}
	if act[2] == "import-ods" {
		return t.importLists(ctx, act[1], strings.Fields(act[3]))
	}
	command, ok := domain.NewCommand(act[2])
	if !ok {
		return fmt.Errorf("there is no command %q", act[2])
	}
	if err := json.Unmarshal([]byte(act[3]), command, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	refs, err := t.send(ctx, act[1], command, line)
	if name != "" && err == nil {
		t.made[name] = `"` + strings.Join(refs, `","`) + `"`
	}
	return err
}

// setClock moves the clock on. At each midnight on the way it settles what is
// due, as the server would.
func (t *telling) setClock(ctx context.Context, s string) error {
	moment, err := time.ParseInLocation("2006-01-02 15:04", s, domain.London())
	if err != nil {
		return err
	}
	for day := domain.DayOf(t.now()) + 1; len(t.store.Groups()) > 0 && day <= domain.DayOf(moment); day++ {
		t.clock.Store(day.Start().UnixMilli())
		if err := t.settle(ctx); err != nil {
			return err
		}
	}
	t.clock.Store(moment.UnixMilli())
	return nil
}

// settle has recorded what is due, and then what the groups said to each other by it,
// before the clock moves on.
func (t *telling) settle(ctx context.Context) error {
	for range 2 {
		for _, group := range t.store.Groups() {
			if err := t.store.Settle(ctx, group); err != nil {
				return err
			}
		}
	}
	return nil
}

// send has a command recorded, and says what it made. Its id follows from the story, so
// that the example is the same wherever it is told.
func (t *telling) send(ctx context.Context, actor string, command domain.Command, line string) ([]string, error) {
	t.clock.Add(time.Minute.Milliseconds())
	result, err := t.store.Execute(ctx, domain.Request{
		Group: t.group, ID: uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "goldenthread/example/%s/%d", t.place, t.line)),
		Hash: sha256.Sum256([]byte(line)), Actor: actor, Command: command,
	})
	var refused *eventstore.Refused
	if errors.As(err, &refused) {
		t.refused = refused.Refusal
		return nil, nil
	}
	return result.Refs, errors.Join(err, t.hear(ctx))
}

// hear has each group record what the command made another say to it.
func (t *telling) hear(ctx context.Context) error {
	if len(t.store.Groups()) == 1 {
		return nil
	}
	return t.settle(ctx)
}

// expected checks that the line before was refused by that rule.
func (t *telling) expected(rule string) error {
	refused := t.refused
	t.refused = nil
	if refused == nil || refused.Rule != rule {
		return fmt.Errorf("the line before is to be refused by %s, and was not: %v", rule, refused)
	}
	return nil
}

// unexpected is a refusal of the line before that the story does not tell of.
func (t *telling) unexpected() error {
	if t.refused != nil {
		return t.refused
	}
	return nil
}

// importLists takes over lists of organisations that lie beside the story.
func (t *telling) importLists(ctx context.Context, actor string, files []string) error {
	if len(files) != 2 {
		return errors.New("import-ods takes a list of organisations and one of memberships")
	}
	list, err := t.readLists(files)
	if err != nil {
		return err
	}
	_, err = t.send(ctx, actor, &domain.ImportOrganisations{Rows: list.Typed()}, strings.Join(files, " "))
	return err
}

func (t *telling) readLists(names []string) (*lists.Taking, error) {
	g, err := t.groups.Now(context.Background(), t.group, nil)
	if err != nil {
		return nil, err
	}
	var files []lists.File
	for _, name := range names {
		b, err := examples.ReadFile(path.Join("example", t.place, name))
		if err != nil {
			return nil, err
		}
		files = append(files, lists.File{Name: name, Body: b})
	}
	official, err := lists.ReadOfficial(files, 0, domain.DayOf(t.now()))
	if err != nil {
		return nil, err
	}
	return official.Take(lists.Choice{In: g.State().Place, Source: "NHS England, Organisation Data Service and registered patients, January 2026"}), nil
}
