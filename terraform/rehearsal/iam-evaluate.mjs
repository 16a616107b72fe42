// Evaluates requests against policies as IAM does, with the library that the folder in the first argument holds.
// Reads a list of simulations as JSON from standard input, each with its name and whether it is to be allowed.
// Prints those with another result, and exits 1 if there are any.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const { runSimulation } = createRequire(process.argv[2] + '/package.json')('@cloud-copilot/iam-simulate')

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const organization = [{ orgIdentifier: 'o-1', policies: [{ name: 'everything', policy: everything }] }]

const unlike = []
for (const { name, isAllowed, ...simulation } of JSON.parse(readFileSync(0))) {
  const result = await runSimulation({ ...simulation, serviceControlPolicies: organization, resourceControlPolicies: [] }, {})
  const found = result.resultType === 'error' ? JSON.stringify(result.errors) : result.overallResult
  if (result.resultType === 'error' || (found === 'Allowed') !== isAllowed) unlike.push(`${name}: ${found}`)
}
console.log(unlike.join('\n'))
process.exit(unlike.length > 0 ? 1 : 0)
