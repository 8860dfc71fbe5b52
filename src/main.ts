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
  // The command-line runner mostly uses a new profile and deletes it: a copy of the site there would be wasted.
  if (router.route.name !== 'headless') keepForOffline();
}
