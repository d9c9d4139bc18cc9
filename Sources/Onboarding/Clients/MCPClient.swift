/// MCP clients whose configuration and sign-in are known.
package enum MCPClient: String, CaseIterable, Sendable {
  case kiro = "Kiro"
  case claudeCode = "Claude Code"
  case claude = "Claude.ai, Claude Desktop"
  case vsCode = "VS Code"
  case cursor = "Cursor"
  case codex = "Codex"
  case geminiCLI = "Gemini CLI"
  case mcpRemote = "mcp-remote"
  case chatGPT = "ChatGPT"
  case copilotCLI = "Copilot CLI"

  package var name: String { rawValue }
}
