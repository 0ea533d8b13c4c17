// Small behaviours that HTML alone cannot give. Every action also works without this file.
"use strict";
