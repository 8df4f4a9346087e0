// Holds a bill of materials strictly against the schema of CycloneDX 1.6.
import { readFileSync } from 'node:fs'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'

const text = readFileSync(process.argv[2], 'utf8')
const found = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
if (found !== null) {
  console.error(JSON.stringify(found, null, 1))
  process.exit(1)
}
const bill = JSON.parse(text)
console.log(`${process.argv[2]}: CycloneDX ${bill.specVersion}, ${bill.components.length} components`)
