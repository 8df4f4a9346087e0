// Reads a calendar with ical.js, as the calendars of Mozilla do, and says how many events it has.
import { readFileSync } from 'node:fs'
import ICAL from 'ical.js'

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], 'utf8')))
const events = calendar.getAllSubcomponents('vevent')
for (const each of events) {
  const event = new ICAL.Event(each)
  if (!event.uid || event.endDate.compare(event.startDate) <= 0 || !each.getFirstPropertyValue('last-modified')) throw new Error(event.summary)
}
console.log(events.length)
