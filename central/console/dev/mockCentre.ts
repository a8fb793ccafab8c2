import type { Plugin } from 'vite'
/** placeholder until fixtures */
export function mockCentre(): Plugin {
  return { name: 'mock-centre' }
}
