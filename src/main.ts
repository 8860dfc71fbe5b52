import { mount } from 'svelte';
import App from './App.svelte';
import { keepForOffline } from './offline';
import { router } from './state/router.svelte';
import './ui/tokens.css';
import './ui/base.css';
import './ui/controls.css';

const target = document.getElementById('app');
// In a browser that is too old, browser-check.js shows a message; starting the app would only add errors.
if (target && document.documentElement.dataset['unsupported'] !== 'true') {
  mount(App, { target });
  // The command-line runner usually starts with a new profile and deletes it, so caching the site would be wasted work.
  if (router.route.name !== 'headless') keepForOffline();
}
